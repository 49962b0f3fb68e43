import type { Declaration } from './declaration.js';
import type { Language } from './languages.js';
import { bodyLevel, scanBraces } from './scan-braces.js';
import { bodyIndent, scanIndent } from './scan-indent.js';
import { scanSql } from './scan-sql.js';
import type { SourceText } from './source-text.js';
import { sourceText } from './source-text.js';
import type { Unit } from './unit.js';
import { fits, windows } from './unit.js';

/** A container above this is cut into its members; at or below it is one atom. */
const WHOLE_CONTAINER_LINES_MAX = 40;
/** A declaration of fewer lines and without a doc comment stays with its neighbours. */
const OWN_ATOM_LINES_MIN = 3;
/** Nesting of containers that is followed (namespace, class, inner class). */
const CONTAINER_DEPTH_MAX = 4;

const imports =
  /^(?:import\b|export\s*(?:\*|\{)|(?:const|let|var)\b.*\brequire\(|from\s+[\w.]+\s+import\b|using\s+[\w.]+;|#\s*include\b|package\b|use\s+[\w:{}, ]+;|['"]use \w+['"]|\}\s*from\b|_?_?export\w*\(|exports\.[\w$ =.]+=\s*(?:void 0|[\w$.]+)\s*;|Object\.defineProperty\(exports)/;

/** Code as units: declarations by symbol, and what stands between them in windows. */
export function chunkCode(text: string, language: Language): Unit[] {
  const source = sourceText(text, language);
  const last = source.lines.length - 1;
  return assemble(source, scanTop(source, language, last), null, 0, last, 0);
}

function scanTop(source: SourceText, language: Language, last: number): Declaration[] {
  if (language.structure === 'indent') return scanIndent(source, 0, 0, last);
  if (language.structure === 'sql') return scanSql(source, 0, last);
  return language.structure === 'braces' ? scanBraces(source, 0, 0, last) : [];
}

/** Units of the lines from..to, in order: each declaration, and windows of what lies between. */
function assemble(
  source: SourceText,
  declarations: Declaration[],
  owner: { name: string; docComment: string | null } | null,
  from: number,
  to: number,
  depth: number,
): Unit[] {
  const units: Unit[] = [];
  let next = from;
  const gap = (end: number): void => {
    const doc = units.length === 0 ? (owner?.docComment ?? null) : null;
    units.push(...looseUnits(source, owner?.name ?? null, doc, next, end));
  };
  for (const declaration of declarations) {
    const small = declaration.end - declaration.lead + 1 < OWN_ATOM_LINES_MIN;
    if (small && declaration.docComment === null) continue;
    gap(declaration.lead - 1);
    units.push(...declarationUnits(source, declaration, owner?.name ?? null, depth));
    next = declaration.end + 1;
  }
  gap(to);
  return units;
}

function declarationUnits(
  source: SourceText,
  found: Declaration,
  owner: string | null,
  depth: number,
): Unit[] {
  const symbol = owner === null ? found.name : `${owner}.${found.name}`;
  const length = found.end - found.lead + 1;
  const whole = fits(source.lines, found.lead, found.end);
  if (found.container && depth < CONTAINER_DEPTH_MAX && (length > WHOLE_CONTAINER_LINES_MAX || !whole)) {
    const members = scanMembers(source, found);
    if (members.length > 0) {
      const inner = { name: symbol, docComment: found.docComment };
      return assemble(source, members, inner, found.lead, found.end, depth + 1);
    }
  }
  return windows(source.lines, found.lead, found.end).map((window, index) => ({
    symbol,
    heading: null,
    docComment: index === 0 ? found.docComment : null,
    ...window,
  }));
}

function scanMembers(source: SourceText, found: Declaration): Declaration[] {
  if (source.language === 'python') {
    const indent = bodyIndent(source, found);
    return indent < 0 ? [] : scanIndent(source, indent, found.line + 1, found.end);
  }
  const level = bodyLevel(source, found);
  return level < 0 ? [] : scanBraces(source, level, found.line + 1, found.end);
}

/** Lines outside declarations, without lists of imports and lone brackets, which say nothing by themselves. */
function looseUnits(
  source: SourceText,
  owner: string | null,
  doc: string | null,
  from: number,
  to: number,
): Unit[] {
  const units: Unit[] = [];
  for (const window of windows(source.lines, from, to)) {
    let start = window.from;
    while (start <= window.to && isIdle(source, start)) start++;
    let end = window.to;
    while (end >= start && isIdle(source, end)) end--;
    const comment = source.commentAt[window.from] >= 0;
    if (comment) start = window.from;
    if (start > end || !says(source, start, end)) continue;
    units.push({
      symbol: owner,
      heading: null,
      docComment: units.length === 0 ? doc : null,
      from: start,
      to: end,
    });
  }
  return units;
}

function isIdle(source: SourceText, line: number): boolean {
  const code = source.code[line].trim();
  if (source.commentAt[line] >= 0) return false;
  return !/\w/.test(code) || imports.test(code) || (source.depthAt[line] > 0 && insideImport(source, line));
}

/** True for a line of an import list that runs over several lines. */
function insideImport(source: SourceText, line: number): boolean {
  for (let i = line - 1; i >= Math.max(0, line - 60); i--) {
    if (source.depthAt[i] === 0) return /^(?:import|export\s*\{|from|use)\b/.test(source.code[i].trim());
  }
  return false;
}

/** At least one line that is neither idle nor a licence or tool comment. */
function says(source: SourceText, from: number, to: number): boolean {
  for (let i = from; i <= to; i++) {
    if (isIdle(source, i)) continue;
    if (!/^\W*(?:eslint|prettier|istanbul|sourceMappingURL|# ?sourceMapping|!)/.test(source.lines[i].trim()))
      return true;
  }
  return false;
}
