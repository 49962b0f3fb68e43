import type { AtomKind, SearchRequest } from '@hartonomous/contracts';

/** Where a query comes from: a place of the corpus with what is named there. */
export interface QuerySource {
  path: string;
  symbol: string | null;
  heading: string | null;
  language: string;
  kind: AtomKind;
  text: string;
}

export interface MinedQuery {
  query: string;
  path: string;
  language: string;
  kind: AtomKind;
}

export type WorkloadRequest = Pick<SearchRequest, 'query' | 'filters' | 'sessionId'>;

const commentLengthMin = 15;
const queryLengthMax = 120;

const wordsOf = (symbol: string) =>
  symbol
    .replaceAll(/[_.$#:/-]+/g, ' ')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .trim();

/** The first sentence of the comment that a code atom begins with. */
function leadingComment(text: string): string | null {
  const block =
    /^\s*\/\*\*?([\s\S]*?)\*\//.exec(text)?.[1] ?? /^\s*((?:(?:\/\/\/?|#(?!!)).*\n)+)/.exec(text)?.[1];
  if (!block) return null;
  const prose = block
    .replaceAll(/^\s*(?:\*|\/\/\/?|#)\s?/gm, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  const sentence = /^(?!@)[A-Z].*?[.:;](?=\s|$)/.exec(prose)?.[0] ?? prose;
  const clean = sentence.replace(/[.:;]$/, '').replaceAll(/[{}`*]/g, '');
  return clean.length >= commentLengthMin && !clean.startsWith('@') ? clean.slice(0, queryLengthMax) : null;
}

/** What people ask of such places: the symbol, its words, its comment; for text its heading, plain and as a question. */
export function mineQueries(sources: QuerySource[]): MinedQuery[] {
  const found = new Map<string, MinedQuery>();
  const add = (query: string | null, { path, language, kind }: QuerySource) => {
    const text = query?.replaceAll(/\s+/g, ' ').trim().slice(0, queryLengthMax) ?? '';
    if (text.length >= 3 && !found.has(text)) found.set(text, { query: text, path, language, kind });
  };
  for (const source of sources) {
    if (source.symbol) {
      const words = wordsOf(source.symbol);
      add(source.symbol, source);
      if (words.includes(' ')) add(`where is ${words}`, source);
    }
    if (source.kind === 'code') add(leadingComment(source.text), source);
    if (source.heading) {
      add(source.heading, source);
      add(`how does ${source.heading.toLowerCase()} work`, source);
    }
  }
  return [...found.values()];
}
