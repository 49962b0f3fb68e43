import { termsOf } from '@hartonomous/corpus';

const SNIPPET_LINES = 6;
const SNIPPET_CHARS_MAX = 500;

/** The lines of a text around the one that says most about the query's terms; the beginning when none does. */
export function snippetOf(text: string, terms: ReadonlySet<string>): string {
  const lines = text.split('\n');
  let best = 0;
  let bestCount = 0;
  if (lines.length > SNIPPET_LINES) {
    lines.forEach((line, i) => {
      let count = 0;
      for (const term of termsOf(line).keys()) if (terms.has(term)) count++;
      if (count > bestCount) [best, bestCount] = [i, count];
    });
  }
  const from = Math.max(0, Math.min(best - 1, lines.length - SNIPPET_LINES));
  return lines
    .slice(from, from + SNIPPET_LINES)
    .join('\n')
    .slice(0, SNIPPET_CHARS_MAX);
}
