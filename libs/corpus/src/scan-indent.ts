import type { Declaration } from './declaration.js';
import { cleanComment, docCommentOf, leadOf } from './leading.js';
import type { SourceText } from './source-text.js';

const declares = /^(?:async\s+)?(def|class)\s+([A-Za-z_]\w*)/;

/** Declarations of Python at one indentation, in columns. Lines inside brackets or long strings declare nothing. */
export function scanIndent(source: SourceText, indent: number, from: number, to: number): Declaration[] {
  const found: Declaration[] = [];
  for (let line = from; line <= to; line++) {
    const code = source.code[line];
    if (source.depthAt[line] > 0 || indentOf(code) !== indent) continue;
    const match = declares.exec(code.trim());
    if (match === null) continue;
    const end = blockEnd(source, line, to, indent);
    const lead = leadOf(source, line, found.length > 0 ? found[found.length - 1].end + 1 : from);
    found.push({
      name: match[2],
      line,
      end,
      lead,
      docComment: docString(source, line, end) ?? docCommentOf(source, lead, line),
      container: match[1] === 'class',
    });
    line = end;
  }
  return found;
}

/** Indentation of the body's first line of code, or -1. */
export function bodyIndent(source: SourceText, declaration: Declaration): number {
  const outer = indentOf(source.code[declaration.line]);
  for (let line = declaration.line + 1; line <= declaration.end; line++) {
    if (source.depthAt[line] === 0 && indentOf(source.code[line]) > outer) return indentOf(source.code[line]);
  }
  return -1;
}

/** Columns before the code; -1 for a line without code. A tab counts as one column, as the body's own unit. */
function indentOf(code: string): number {
  const trimmed = code.trimStart();
  return trimmed === '' ? -1 : code.length - trimmed.length;
}

function blockEnd(source: SourceText, line: number, to: number, indent: number): number {
  let end = line;
  for (let i = line + 1; i <= to; i++) {
    const at = indentOf(source.code[i]);
    const closing = source.depthAt[i] > 0 || /^[)\]}"']/.test(source.code[i].trim());
    if (at >= 0 && at <= indent && !closing) break;
    if (at >= 0) end = i;
  }
  return end;
}

/** The string that stands first in the body. */
function docString(source: SourceText, line: number, end: number): string | null {
  let first = line + 1;
  while (
    first <= end &&
    (source.depthAt[first] > 0 ||
      source.code[first].trim() === '' ||
      source.code[first].trim().startsWith(')'))
  )
    first++;
  const opened = /^[rRbBuU]{0,2}("""|'''|"|')(.*)$/.exec((source.lines[first] ?? '').trim());
  if (opened === null || first > end) return null;
  const [, quote, rest] = opened;
  const body = [rest];
  for (let i = first; !body[body.length - 1].includes(quote) && i < end;) body.push(source.lines[++i]);
  const text = body.join('\n');
  const close = text.indexOf(quote);
  return cleanComment(close < 0 ? text : text.slice(0, close));
}
