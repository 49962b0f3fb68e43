/** A stretch of whole lines that becomes one atom (or several, when it is long). */
export interface Unit {
  symbol: string | null;
  heading: string | null;
  docComment: string | null;
  /** Line indices from 0, both inclusive; leading comments and decorators belong to the unit. */
  from: number;
  to: number;
}

/** Longest atom in lines; about two screens, so that a hit can be read where it stands. */
export const ATOM_LINES_MAX = 80;
/** Longest atom in UTF-16 characters, except where one line alone is longer (at most 4,000). */
export const ATOM_CHARS_MAX = 4_000;
/** From this many lines on, a window may end at a blank line. */
const WINDOW_LINES_TARGET = 40;

/**
 * Cuts a stretch of lines into windows of at most ATOM_LINES_MAX lines and ATOM_CHARS_MAX characters, preferably at
 * blank lines, without blank lines at either end. Every other line is in exactly one window. O(lines).
 */
export function windows(lines: readonly string[], from: number, to: number): { from: number; to: number }[] {
  const cuts: { from: number; to: number }[] = [];
  let start = from;
  while (start <= to) {
    if (lines[start].trim() === '') {
      start++;
      continue;
    }
    let end = windowEnd(lines, start, to);
    const next = end + 1;
    while (lines[end].trim() === '') end--;
    cuts.push({ from: start, to: end });
    start = next;
  }
  return cuts;
}

/** Last line of the window that starts at `start`: the last blank line past the target, else where a limit bites. */
function windowEnd(lines: readonly string[], start: number, to: number): number {
  let chars = 0;
  let blank = -1;
  for (let i = start; i <= to; i++) {
    chars += lines[i].length + 1;
    if (i > start && (chars > ATOM_CHARS_MAX || i - start >= ATOM_LINES_MAX))
      return blank > start ? blank : i - 1;
    if (lines[i].trim() === '' && (i - start >= WINDOW_LINES_TARGET || chars * 2 > ATOM_CHARS_MAX)) blank = i;
  }
  return to;
}

/** True when the lines fit one atom. */
export function fits(lines: readonly string[], from: number, to: number): boolean {
  if (to - from >= ATOM_LINES_MAX) return false;
  let chars = 0;
  for (let i = from; i <= to; i++) chars += lines[i].length + 1;
  return chars <= ATOM_CHARS_MAX;
}
