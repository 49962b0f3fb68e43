import type { AtomKind } from '@hartonomous/contracts';
import { chunkCode } from './chunk-code.js';
import { chunkJson, chunkMarkdown, chunkPlain } from './chunk-prose.js';
import type { SkipReason } from './decode.js';
import { decodeText, machineMade } from './decode.js';
import type { Language } from './languages.js';
import { detectLanguage } from './languages.js';
import { termsOf } from './terms.js';
import type { Unit } from './unit.js';

/** Raised whenever equal bytes would give other atoms, terms or vectors than before. */
export const PARSER_VERSION = 'corpus-2';

export interface CorpusAtom {
  /** Whole lines joined by `\n`, without a final line end. */
  text: string;
  /** Qualified by its containers (`Store.close`); null outside declarations. */
  symbol: string | null;
  heading: string | null;
  docComment: string | null;
  /** From 1, both inclusive. */
  lineStart: number;
  lineEnd: number;
  kind: AtomKind;
}

export type ParsedFile =
  { ok: true; language: string; kind: AtomKind; atoms: CorpusAtom[] } | { ok: false; reason: SkipReason };

/** An atom with fewer different terms is no content: a bracket, a ruler, a lone keyword. */
const ATOM_TERMS_MIN = 2;

/**
 * One file of a source tree as atoms, in line order. A file that gives none is refused by value.
 * @param path relative, with forward slashes
 */
export function parseFile(file: { path: string; bytes: Uint8Array }): ParsedFile {
  const decoded = decodeText(file.bytes);
  if (!decoded.ok) return decoded;
  const language = detectLanguage(file.path, decoded.text);
  if (language === null) return { ok: false, reason: 'unknown-language' };
  const made = machineMade(file.path, decoded.text);
  if (made !== null) return { ok: false, reason: made };
  const lines = decoded.text.split('\n');
  const atoms = unitsOf(decoded.text, language)
    .map((unit) => toAtom(lines, unit, language.kind))
    .filter((atom) => termsOf(atom.text).size >= ATOM_TERMS_MIN);
  if (atoms.length === 0) return { ok: false, reason: 'no-content' };
  return { ok: true, language: language.name, kind: language.kind, atoms };
}

function unitsOf(text: string, language: Language): Unit[] {
  if (language.structure === 'markdown') return chunkMarkdown(text);
  if (language.structure === 'json') return chunkJson(text, language);
  if (language.structure === 'blocks' && language.kind === 'text') return chunkPlain(text);
  return chunkCode(text, language);
}

function toAtom(lines: readonly string[], unit: Unit, kind: AtomKind): CorpusAtom {
  return {
    text: lines.slice(unit.from, unit.to + 1).join('\n'),
    symbol: unit.symbol,
    heading: unit.heading,
    docComment: unit.docComment,
    lineStart: unit.from + 1,
    lineEnd: unit.to + 1,
    kind,
  };
}
