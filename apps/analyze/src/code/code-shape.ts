import { sha256Hex } from '@hartonomous/contracts';
import { createMinHashFamily, createRng, minHash, shingleHashes } from '@hartonomous/numerics';

/** Words that say what a piece of code does in the languages at hand; every other word is a name. */
const keywords = new Set(
  (
    'abstract and as async await begin break by case catch class const continue def default delete do elif else end enum ' +
    'except export extends false finally fn for foreach from func function group if impl implements import in insert ' +
    'instanceof interface into is join lambda let match mod new nil none not null on or order package pass private ' +
    'protected pub public raise return select self set static struct super switch table this throw trait true try type ' +
    'typeof undefined union update use using values var void when where while with yield'
  ).split(' '),
);

/** How comments begin and end, and which quotes hold text. */
interface Lexis {
  line: readonly string[];
  block: readonly [open: string, close: string] | null;
  /** Quotes of text that may run over lines, longest first, before those that may not. */
  long: readonly string[];
  short: string;
}

const cLike: Lexis = { line: ['//'], block: ['/*', '*/'], long: ['`'], short: `"'` };
const hashed: Lexis = { line: ['#'], block: null, long: ['"""', "'''"], short: `"'` };
const lexes: Record<string, Lexis> = {
  python: hashed,
  shell: hashed,
  yaml: hashed,
  toml: hashed,
  dockerfile: hashed,
  sql: { line: ['--'], block: ['/*', '*/'], long: ["'", '"'], short: '' },
  html: { line: [], block: ['<!--', '-->'], long: [], short: `"'` },
};

const isSpace = (c: number): boolean => c <= 32 || c === 160;
const isDigit = (c: number): boolean => c >= 48 && c <= 57;
/** Letters, `_`, `$`, `@` and everything beyond ASCII. */
const isLetter = (c: number): boolean =>
  (c >= 97 && c <= 122) || (c >= 64 && c <= 90) || c === 95 || c === 36 || c > 160;

/** End of what runs until `close`, or of the text. */
function endOf(text: string, from: number, close: string): number {
  const at = text.indexOf(close, from);
  return at < 0 ? text.length : at + close.length;
}

/** End of a quoted text with backslash escapes; one of a line ends with it at the latest. */
function endOfQuoted(text: string, from: number, quote: string, overLines: boolean): number {
  for (let i = from; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text.startsWith(quote, i)) return i + quote.length;
    else if (!overLines && text[i] === '\n') return i;
  }
  return text.length;
}

/** Where a comment or a quoted text that begins at `i` ends; null when none does. */
function skipped(text: string, i: number, lexis: Lexis): { end: number; literal: boolean } | null {
  if (lexis.line.some((mark) => text.startsWith(mark, i))) {
    return { end: endOf(text, i, '\n'), literal: false };
  }
  const { block } = lexis;
  if (block && text.startsWith(block[0], i)) {
    return { end: endOf(text, i + block[0].length, block[1]), literal: false };
  }
  const long = lexis.long.find((quote) => text.startsWith(quote, i));
  if (long) return { end: endOfQuoted(text, i + long.length, long, true), literal: true };
  if (!lexis.short.includes(text[i]!)) return null;
  return { end: endOfQuoted(text, i + 1, text[i]!, false), literal: true };
}

/** The tokens of a piece of code without its names, literals, comments and layout. O(characters). */
export function normalisedTokens(text: string, language: string): string[] {
  const lexis = lexes[language] ?? cLike;
  const tokens: string[] = [];
  for (let i = 0; i < text.length;) {
    const c = text.charCodeAt(i);
    if (isSpace(c)) {
      i++;
    } else if (isLetter(c) || isDigit(c)) {
      const from = i;
      const point = isDigit(c) ? 46 : -1;
      for (i++; i < text.length; i++) {
        const next = text.charCodeAt(i);
        if (!isLetter(next) && !isDigit(next) && next !== point) break;
      }
      const name = isDigit(c) ? '0' : text.slice(from, i).toLowerCase();
      tokens.push(isDigit(c) || keywords.has(name) ? name : 'x');
    } else {
      const part = skipped(text, i, lexis);
      if (!part || part.literal) tokens.push(part ? '"' : text[i]!);
      i = part ? part.end : i + 1;
    }
  }
  return tokens;
}

/** Functions of a MinHash signature: the standard error of an estimate is at most 0.045, at 0.9 it is 0.027. */
export const hashesMax = 128;
/** Tokens of a shingle: without names, shorter runs are in every piece of code. */
export const shingleTokens = 7;
/** A piece of fewer tokens is like many others by chance. */
export const tokensMin = 40;

const family = createMinHashFamily(hashesMax, createRng(20_261_121));

export interface Shape {
  /** Hex SHA-256 of the tokens; a piece of few tokens is its own kind, by its text. */
  astSignature: string;
  /** Little-endian 32-bit minima; empty for a piece of few tokens. */
  minhash: Buffer;
}

export const shinglesOf = (text: string, language: string): Uint32Array =>
  shingleHashes(normalisedTokens(text, language), shingleTokens);

export function shapeOf(text: string, language: string): Shape {
  const tokens = normalisedTokens(text, language);
  if (tokens.length < tokensMin) return { astSignature: sha256Hex(`text ${text}`), minhash: Buffer.alloc(0) };
  const signature = minHash(family, shingleHashes(tokens, shingleTokens));
  const minhash = Buffer.alloc(4 * hashesMax);
  signature.forEach((value, i) => minhash.writeUInt32LE(value, 4 * i));
  return { astSignature: sha256Hex(tokens.join(' ')), minhash };
}
