import type { SourceText } from './source-text.js';

/**
 * First line of what leads a declaration: comments that touch it, decorators, annotations and attributes.
 * @param floor no line before this one is taken
 */
export function leadOf(source: SourceText, line: number, floor: number): number {
  let lead = line;
  while (lead > floor) {
    const above = lead - 1;
    const code = source.code[above].trim();
    if (code === '' && source.commentAt[above] >= 0) lead = above;
    else if (isDecorator(code)) lead = above;
    else {
      const opening = decoratorOpening(source, above, floor);
      if (opening < 0) break;
      lead = opening;
    }
  }
  return withoutFileHeader(source, lead, line);
}

const isDecorator = (code: string): boolean =>
  /^(?:@(?!interface)\w|#!?\[)/.test(code) && /[\w)\]]$/.test(code);

/** First line of a decorator call that ends on `line`, or -1. */
function decoratorOpening(source: SourceText, line: number, floor: number): number {
  if (!/^[)}\]]/.test(source.code[line].trim())) return -1;
  const level = source.depthAt[line + 1];
  for (let i = line - 1; i >= floor; i--) {
    if (source.depthAt[i] === level) return /^(?:@\w|#!?\[)/.test(source.code[i].trim()) ? i : -1;
  }
  return -1;
}

/** A licence comment at the top of the file is not about the first declaration when a blank line stands between. */
function withoutFileHeader(source: SourceText, lead: number, line: number): number {
  if (lead > 0 || source.commentAt[0] < 0) return lead;
  const head = source.comments[source.commentAt[0]];
  if (!/licen[sc]e|copyright/i.test(source.text.slice(head.start, head.end))) return lead;
  for (let i = lead; i < line; i++) if (source.commentAt[i] !== source.commentAt[0]) return i;
  return line;
}

/** Longest doc comment that is kept, in characters. */
const DOC_CHARS_MAX = 1_000;

/** The comment text between `lead` and `line`, without its marks; null when there is none. */
export function docCommentOf(source: SourceText, lead: number, line: number): string | null {
  const parts: string[] = [];
  for (let i = lead; i < line; i++) if (source.commentAt[i] >= 0) parts.push(source.lines[i]);
  return cleanComment(parts.join('\n'));
}

/** From the first block tag on; names like `@scope/package` are none. */
const tags =
  /(?:^|\s)@(?:param|returns?|throws|see|example|deprecated|default|type|template|since|internal|public|private|author|license)\b.*$/;

/** Comment marks, tags and rulers stripped, white space joined. */
export function cleanComment(raw: string): string | null {
  const text = raw
    .split('\n')
    .map((line) =>
      line
        .trim()
        .replace(/^(?:\/\*+!?|\*+\/|\*(?!\*)|\/\/+!?|#+|--+)\s?/, '')
        .replace(/\s*\*+\/$/, '')
        .trim(),
    )
    .filter(
      (line) => /[\p{L}\p{N}]/u.test(line) && !/^(?:eslint|prettier|oxlint|ts-|istanbul|#|!)/.test(line),
    );
  const joined = text
    .join(' ')
    .replace(tags, '')
    .replace(/\{@link\s+([^}|]+?)(?:\s*\|[^}]*)?\}/g, '$1')
    .replace(/\s+/g, ' ')
    .trim();
  return joined === '' ? null : joined.slice(0, DOC_CHARS_MAX);
}
