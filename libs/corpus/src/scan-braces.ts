import type { Declaration } from './declaration.js';
import { declaredBy } from './declaration.js';
import { docCommentOf, leadOf } from './leading.js';
import type { SourceText } from './source-text.js';

/** Languages whose statements end at the line end unless something is open. */
const lineEnded = new Set(['typescript', 'javascript', 'go', 'kotlin']);
const continuesAfter = /(?:[=,([{|&+\-*?:<.]|=>|\b(?:extends|implements|where|return))$/;
const continuesBefore = /^(?:[.,?:|&=+)\]>{]|(?:extends|implements|throws|where|as|satisfies)\b)/;

/**
 * Declarations at one nesting level of a language with braces. O(characters).
 * @param level nesting depth of the scope; 0 is the file
 */
export function scanBraces(source: SourceText, level: number, from: number, to: number): Declaration[] {
  const found: Declaration[] = [];
  const member = level > 0;
  for (let line = from; line <= to; line++) {
    if (source.depthAt[line] !== level) continue;
    const declared = declaredBy(source.language, source.code[line].trim(), member);
    if (declared === null) continue;
    const end = endOf(source, line, to, level);
    const overlong = declared.variable === true && end === line && !source.code[line].includes('=>');
    if (!overlong) {
      const lead = leadOf(source, line, found.length > 0 ? found[found.length - 1].end + 1 : from);
      found.push({
        name: declared.name,
        line,
        end,
        lead,
        docComment: docCommentOf(source, lead, line),
        container: declared.container,
      });
    }
    line = end;
  }
  return found;
}

/** Nesting depth of a container's members, or -1 when no body opens in its lines. */
export function bodyLevel(source: SourceText, declaration: Declaration): number {
  const outer = source.depthAt[declaration.line];
  for (let line = declaration.line + 1; line <= declaration.end; line++) {
    if (source.depthAt[line] > outer) return outer + 1;
  }
  return -1;
}

/** Last line of the statement that starts on `line`. */
function endOf(source: SourceText, line: number, to: number, level: number): number {
  const byLine = lineEnded.has(source.language);
  for (let i = line; i <= to; i++) {
    const after = i + 1 < source.depthAt.length ? source.depthAt[i + 1] : 0;
    if (after > level) continue;
    if (after < level) return i;
    const code = source.code[i].trim();
    if (code === '') {
      if (!byLine && source.lines[i].trim() === '' && i > line) return i - 1;
      continue;
    }
    if (/[;}]$/.test(code) && !continues(source, i + 1, to, /^[.)]/)) return i;
    if (code.startsWith('#')) {
      if (!code.endsWith('\\')) return i;
      continue;
    }
    if (byLine && !continuesAfter.test(code) && !continues(source, i + 1, to, continuesBefore)) return i;
  }
  return to;
}

/** True when the next line of code begins with what can only continue the one before. */
function continues(source: SourceText, from: number, to: number, pattern: RegExp): boolean {
  for (let i = from; i <= Math.min(to, from + 3); i++) {
    const code = source.code[i].trim();
    if (code !== '') return pattern.test(code);
  }
  return false;
}
