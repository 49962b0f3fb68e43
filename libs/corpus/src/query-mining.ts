import type { AtomKind } from '@hartonomous/contracts';
import { docCommentOf } from './leading.js';
import { languageNamed } from './languages.js';
import { sourceText } from './source-text.js';
import { queryTerms } from './terms.js';

export interface MinedSource {
  path: string;
  symbol: string | null;
  heading: string | null;
  language: string;
  kind: AtomKind;
  /** The atom's text, where doc comments are wanted. */
  text?: string;
}

/** A query that a person could ask, and what it was made of. */
export interface MinedQuery {
  query: string;
  source: 'symbol' | 'doc-comment' | 'heading';
  form: 'plain' | 'question';
  path: string;
  symbol: string | null;
  heading: string | null;
  language: string;
  kind: AtomKind;
}

const SENTENCE_CHARS_MAX = 160;
const SENTENCE_TERMS_MIN = 3;

/** All queries of one atom's source, in a fixed order: names, first sentence of the doc comment, heading. */
export function mineQueries(source: MinedSource): MinedQuery[] {
  const { path, symbol, heading, language, kind } = source;
  const found: MinedQuery[] = [];
  const add = (query: string, from: MinedQuery['source'], form: MinedQuery['form']): void => {
    if (queryTerms(query).length > 0)
      found.push({ query, source: from, form, path, symbol, heading, language, kind });
  };
  const name = symbol?.split('.').at(-1) ?? '';
  if (symbol !== null && name.length >= 4) {
    add(name, 'symbol', 'plain');
    add(`where is ${name}`, 'symbol', 'question');
    add(`how does ${name} work`, 'symbol', 'question');
  }
  const sentence = source.text === undefined ? null : firstSentence(leadingComment(source.text, language));
  if (sentence !== null) add(sentence, 'doc-comment', 'plain');
  if (heading !== null && /\p{L}{3}/u.test(heading)) {
    add(heading, 'heading', 'plain');
    add(heading.endsWith('?') ? heading : `how does ${lowerFirst(heading)} work`, 'heading', 'question');
  }
  return found;
}

/** The comment that an atom of code begins with, cleaned; null when it begins with code. */
export function leadingComment(text: string, language: string): string | null {
  const rules = languageNamed(language);
  if (rules === null || rules.kind !== 'code') return null;
  const source = sourceText(text, rules);
  const first = source.code.findIndex((line) => line.trim() !== '');
  return docCommentOf(source, 0, first < 0 ? source.lines.length : first);
}

/** First sentence of a doc comment when it is long enough to ask with, at most 160 characters. */
export function firstSentence(doc: string | null): string | null {
  if (doc === null) return null;
  const sentence = (/^.*?[.!?](?=\s|$)/.exec(doc)?.[0] ?? doc).replace(/[.:]$/, '').trim();
  const short =
    sentence.length <= SENTENCE_CHARS_MAX
      ? sentence
      : sentence.slice(0, sentence.lastIndexOf(' ', SENTENCE_CHARS_MAX));
  return queryTerms(short).length >= SENTENCE_TERMS_MIN ? short : null;
}

const lowerFirst = (text: string): string =>
  /^\p{Lu}\p{Ll}/u.test(text) ? text[0].toLowerCase() + text.slice(1) : text;
