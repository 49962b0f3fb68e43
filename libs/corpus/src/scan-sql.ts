import type { Declaration } from './declaration.js';
import { docCommentOf, leadOf } from './leading.js';
import type { SourceText } from './source-text.js';

const creates =
  /\bcreate\s+(?:or\s+(?:replace|alter)\s+)?(?:(?:unique|clustered|nonclustered|temp|temporary|unlogged|materialized|recursive|spatial|fulltext)\s+)*(table|view|function|procedure|proc|index|trigger|type|schema|policy|sequence|domain|extension|role)\s+(?:concurrently\s+)?(?:if\s+not\s+exists\s+)?([\w.$"[\]]+)/i;
const alters = /^\s*alter\s+(table|function|procedure)\s+(?:if\s+exists\s+)?(?:only\s+)?([\w.$"[\]]+)/i;

/** Statements of an SQL script; the ones that create or alter something carry its name. */
export function scanSql(source: SourceText, from: number, to: number): Declaration[] {
  const batches = source.code.some((line) => /^\s*go\s*;?\s*$/i.test(line));
  const found: Declaration[] = [];
  let floor = from;
  for (let line = from; line <= to; line++) {
    if (source.code[line].trim() === '' || isGo(source.code[line])) continue;
    const end = statementEnd(source, line, to, batches);
    const raw = source.lines.slice(line, Math.min(end, line + 4) + 1).join(' ');
    const match = creates.exec(raw) ?? alters.exec(raw);
    if (match !== null) {
      const lead = leadOf(source, line, floor);
      const name =
        match[2]
          .replace(/["[\]]/g, '')
          .split('.')
          .at(-1) ?? '';
      if (name !== '') {
        found.push({ name, line, end, lead, docComment: docCommentOf(source, lead, line), container: false });
      }
    }
    floor = end + 1;
    line = end;
  }
  return found;
}

const isGo = (code: string): boolean => /^\s*go\s*;?\s*$/i.test(code);

/** To the batch separator where the script has one, else to the semicolon outside brackets and BEGIN ... END. */
function statementEnd(source: SourceText, line: number, to: number, batches: boolean): number {
  let blocks = 0;
  for (let i = line; i <= to; i++) {
    const code = source.code[i];
    if (batches) {
      if (isGo(code)) return Math.max(line, i - 1);
      continue;
    }
    for (const word of code.toLowerCase().match(/\b(?:begin|case|end)\b/g) ?? []) {
      blocks = word === 'end' ? Math.max(0, blocks - 1) : blocks + 1;
    }
    if (/^\s*begin\s*;\s*$/i.test(code)) blocks = 0;
    const after = i + 1 < source.depthAt.length ? source.depthAt[i + 1] : 0;
    if (blocks === 0 && after === 0 && code.trimEnd().endsWith(';')) return i;
  }
  return to;
}
