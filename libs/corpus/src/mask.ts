import type { Lexis } from './languages.js';

export interface Comment {
  /** Offsets in the text, end exclusive. */
  start: number;
  end: number;
}

export interface Masked {
  /** Same length as the text: comments and the insides of strings are spaces, line ends stay. */
  code: string;
  comments: Comment[];
}

const SPACE = 32;
const NEWLINE = 10;
const BACKSLASH = 92;

/** Words after which a slash in JavaScript begins a regular expression. */
const beforeRegex = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'void',
  'delete',
  'do',
  'else',
  'yield',
  'await',
]);

/**
 * Blanks comments and strings, so that braces and keywords left over are code. One pass, O(n), and it always ends:
 * an unclosed comment or string runs to the end of its line (one-line forms) or of the text.
 */
export function mask(text: string, lexis: Lexis): Masked {
  return new Masker(text, lexis).run();
}

class Masker {
  private readonly out: Uint16Array;
  private readonly comments: Comment[] = [];
  /** Brace depth at which each open template substitution ends. */
  private readonly substitutions: number[] = [];
  private depth = 0;
  private at = 0;
  /** Offset of the last code character that is no white space, for telling division from a regular expression. */
  private lastCode = -1;

  constructor(
    private readonly text: string,
    private readonly lexis: Lexis,
  ) {
    this.out = new Uint16Array(text.length);
    for (let i = 0; i < text.length; i++) this.out[i] = text.charCodeAt(i);
  }

  run(): Masked {
    while (this.at < this.text.length) this.step();
    return { code: decodeUnits(this.out), comments: this.comments };
  }

  private step(): void {
    const { text, lexis } = this;
    const char = text[this.at];
    if (char === '\n' || char === ' ' || char === '\t') {
      this.at++;
      return;
    }
    if (this.comment()) return;
    const long = lexis.longQuotes.find((quote) => text.startsWith(quote, this.at));
    if (long !== undefined) return this.string(long, true);
    if (lexis.quotes.includes(char)) return this.string(char, false);
    if (lexis.script && this.scriptToken(char)) return;
    if (lexis.dollarQuotes && char === '$' && this.dollarQuote()) return;
    this.lastCode = this.at++;
  }

  private comment(): boolean {
    const { text, lexis, at } = this;
    const { blockComment } = lexis;
    let end = -1;
    if (blockComment !== null && text.startsWith(blockComment[0], at)) {
      const close = text.indexOf(blockComment[1], at + blockComment[0].length);
      end = close < 0 ? text.length : close + blockComment[1].length;
    } else if (lexis.lineComments.some((mark) => text.startsWith(mark, at))) {
      const close = text.indexOf('\n', at);
      end = close < 0 ? text.length : close;
    }
    if (end < 0) return false;
    this.comments.push({ start: at, end });
    this.blank(at, end);
    this.at = end;
    return true;
  }

  /** Blanks between the delimiters; the delimiters stay. */
  private string(quote: string, overLines: boolean): void {
    const { text } = this;
    let i = this.at + quote.length;
    const from = i;
    while (i < text.length && !text.startsWith(quote, i)) {
      if (!overLines && text.charCodeAt(i) === NEWLINE) break;
      // Standard SQL doubles a quote; a backslash means itself.
      i += text.charCodeAt(i) === BACKSLASH && !this.lexis.dollarQuotes ? 2 : 1;
    }
    this.blank(from, Math.min(i, text.length));
    this.at = Math.min(text.startsWith(quote, i) ? i + quote.length : i, text.length);
    this.lastCode = this.at - 1;
  }

  private scriptToken(char: string): boolean {
    if (char === '`') {
      this.at++;
      this.template();
      return true;
    }
    if (char === '{') this.depth++;
    if (char === '}') {
      if (this.substitutions.at(-1) === this.depth) {
        this.substitutions.pop();
        this.out[this.at++] = SPACE;
        this.template();
        return true;
      }
      this.depth = Math.max(0, this.depth - 1);
    }
    return char === '/' && this.regex();
  }

  /** From inside a template to its end, or into its next substitution. */
  private template(): void {
    const { text } = this;
    const from = this.at;
    let i = from;
    while (i < text.length && text[i] !== '`') {
      if (text[i] === '$' && text[i + 1] === '{') {
        this.blank(from, i + 2);
        this.substitutions.push(this.depth);
        this.at = i + 2;
        return;
      }
      i += text.charCodeAt(i) === BACKSLASH ? 2 : 1;
    }
    this.blank(from, Math.min(i, text.length));
    this.at = Math.min(i + 1, text.length);
    this.lastCode = this.at - 1;
  }

  private regex(): boolean {
    if (!this.regexMayStart()) return false;
    const { text } = this;
    let inClass = false;
    for (let i = this.at + 1; i < text.length && text.charCodeAt(i) !== NEWLINE; i++) {
      const char = text[i];
      if (char === '\\') i++;
      else if (char === '[') inClass = true;
      else if (char === ']') inClass = false;
      else if (char === '/' && !inClass) {
        this.blank(this.at + 1, i);
        this.lastCode = i;
        this.at = i + 1;
        return true;
      }
    }
    return false;
  }

  private regexMayStart(): boolean {
    if (this.lastCode < 0) return true;
    const last = this.text[this.lastCode];
    if ('(,=:[!&|?{};+-*%<>~^'.includes(last)) return true;
    const word = /[A-Za-z]+$/.exec(this.text.slice(Math.max(0, this.lastCode - 9), this.lastCode + 1));
    return word !== null && beforeRegex.has(word[0]);
  }

  private dollarQuote(): boolean {
    const tag = /^\$[A-Za-z_]*\$/.exec(this.text.slice(this.at, this.at + 66));
    if (tag === null) return false;
    const from = this.at + tag[0].length;
    const close = this.text.indexOf(tag[0], from);
    const end = close < 0 ? this.text.length : close;
    this.blank(from, end);
    this.at = Math.min(end + tag[0].length, this.text.length);
    return true;
  }

  private blank(from: number, to: number): void {
    for (let i = from; i < to; i++) if (this.out[i] !== NEWLINE) this.out[i] = SPACE;
  }
}

function decodeUnits(units: Uint16Array): string {
  const parts: string[] = [];
  for (let i = 0; i < units.length; i += 8192)
    parts.push(String.fromCharCode(...units.subarray(i, i + 8192)));
  return parts.join('');
}
