import type { Unit } from './unit.js';
import { windows } from './unit.js';
import { sourceText } from './source-text.js';
import type { Language } from './languages.js';

interface Section {
  heading: string | null;
  from: number;
  to: number;
}

/** Markdown by ATX and underlined headings outside fences; a heading without a body joins the section after it. */
export function chunkMarkdown(text: string): Unit[] {
  const lines = text.split('\n');
  return sectionUnits(lines, sections(lines, true));
}

/** Plain text by underlined headings, otherwise in windows. */
export function chunkPlain(text: string): Unit[] {
  const lines = text.split('\n');
  return sectionUnits(lines, sections(lines, false));
}

function sections(lines: readonly string[], markdown: boolean): Section[] {
  const found: Section[] = [];
  let current: Section = { heading: null, from: 0, to: -1 };
  let fence: string | null = null;
  const start = (heading: string | null, from: number): void => {
    current.to = from - 1;
    if (hasBody(lines, current)) found.push(current);
    else from = current.to < current.from ? from : current.from;
    current = { heading, from, to: -1 };
  };
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i];
    const fenced = markdown ? /^ {0,3}(```+|~~~+)/.exec(line) : null;
    if (fence !== null) {
      if (fenced !== null && fenced[1].startsWith(fence)) fence = null;
      continue;
    }
    if (fenced !== null) {
      fence = fenced[1];
      continue;
    }
    const atx = markdown ? /^ {0,3}#{1,6}[ \t]+(.*?)[ \t]*#*$/.exec(line) : null;
    if (atx !== null) start(plainHeading(atx[1]), i);
    else if (isUnderline(lines, i)) start(plainHeading(lines[i - 1]), i - 1);
  }
  current.to = lines.length - 1;
  found.push(current);
  return found;
}

function isUnderline(lines: readonly string[], i: number): boolean {
  if (i === 0 || !/^(?:={3,}|-{3,}|~{3,})\s*$/.test(lines[i])) return false;
  const above = lines[i - 1].trim();
  return (
    above !== '' &&
    above.length <= 100 &&
    !/^[-#>|*=\d]/.test(above) &&
    (i === 1 || lines[i - 2].trim() === '')
  );
}

function hasBody(lines: readonly string[], section: Section): boolean {
  let content = 0;
  for (let i = section.from; i <= section.to; i++) {
    const line = lines[i].trim();
    if (line !== '' && !/^#{1,6}\s/.test(line) && !/^[=-]+$/.test(line)) content++;
  }
  return content > 0;
}

/** A heading's words without marks, links, badges and anchors. */
export function plainHeading(raw: string): string | null {
  const text = raw
    .replace(/<[^>]*>/g, '')
    .replace(/!\[[^\]]*\]\([^)]*\)/g, '')
    .replace(/\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])/g, '$1')
    .replace(/[*`]+/g, '')
    .replace(/\s+/g, ' ')
    .trim();
  return text === '' ? null : text.slice(0, 200);
}

function sectionUnits(lines: readonly string[], found: readonly Section[]): Unit[] {
  return found.flatMap(({ heading, from, to }) =>
    windows(lines, from, to).map((window) => ({ symbol: null, heading, docComment: null, ...window })),
  );
}

/** Members of one unit of a JSON file, in lines. */
const JSON_GROUP_LINES_MIN = 20;

/** JSON by top-level members: a long member is a unit with its key as heading, short ones are joined. */
export function chunkJson(text: string, language: Language): Unit[] {
  const rules = { ...language, lexis: { ...language.lexis, quotes: ['"'] } };
  const source = sourceText(text, rules);
  const starts: number[] = [];
  source.lines.forEach((line, i) => {
    if (source.depthAt[i] === 1 && /^\s*"/.test(line)) starts.push(i);
  });
  const found: Section[] = [];
  let from = 0;
  let keys: string[] = [];
  starts.forEach((start, index) => {
    keys.push(/^\s*"([^"]*)"/.exec(source.lines[start])?.[1] ?? '');
    const next = starts[index + 1] ?? source.lines.length;
    if (next - from < JSON_GROUP_LINES_MIN && index + 1 < starts.length) return;
    found.push({ heading: keys.length === 1 ? plainHeading(keys[0]) : null, from, to: next - 1 });
    from = next;
    keys = [];
  });
  if (found.length === 0) found.push({ heading: null, from: 0, to: source.lines.length - 1 });
  return sectionUnits(source.lines, found);
}
