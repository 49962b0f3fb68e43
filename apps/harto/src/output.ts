import { HartoError, codeOf, errorCodes, toProblem } from '@hartonomous/contracts';

export interface Output {
  /** True when one JSON document is wanted on standard output. */
  readonly json: boolean;
  /** A line for people; with --json it goes to standard error. */
  say(line: string): void;
  /** The result: the document with --json, the text otherwise. */
  result(document: unknown, text: () => string): void;
}

export function createOutput(json: boolean): Output {
  return {
    json,
    say: (line) => void (json ? process.stderr : process.stdout).write(`${line}\n`),
    result: (document, text) => {
      const body = json ? JSON.stringify(document, null, 2) : text();
      if (body) process.stdout.write(`${body}\n`);
    },
  };
}

/** One clear line, or the problem document; the exit code belongs to the error's code. */
export function reportError(error: unknown, json: boolean): number {
  const code = codeOf(error);
  if (json) {
    process.stderr.write(`${JSON.stringify(toProblem(error))}\n`);
  } else {
    const text = error instanceof HartoError ? error.message : `internal error: ${stackOf(error)}`;
    process.stderr.write(`harto: ${text}\n`);
  }
  return errorCodes[code].exit;
}

const stackOf = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error));

/** Columns of plain text, two spaces apart; numbers are right-aligned by the caller's choice of columns. */
export function table(head: string[], rows: string[][], right: number[] = []): string {
  const width = head.map((name, i) => Math.max(name.length, ...rows.map((row) => (row[i] ?? '').length)));
  const line = (cells: string[]) =>
    cells
      .map((cell, i) => (right.includes(i) ? cell.padStart(width[i]) : cell.padEnd(width[i])))
      .join('  ')
      .trimEnd();
  return [line(head), line(width.map((w) => '-'.repeat(w))), ...rows.map(line)].join('\n');
}

export function ageOf(instant: string | null, now = Date.now()): string {
  if (!instant) return '-';
  const seconds = Math.round((now - Date.parse(instant)) / 1000);
  const [value, suffix] = seconds < 0 ? [-seconds, ' from now'] : [seconds, ' ago'];
  if (value < 90) return `${value} s${suffix}`;
  if (value < 5400) return `${Math.round(value / 60)} min${suffix}`;
  return `${Math.round(value / 3600)} h${suffix}`;
}

export const cut = (text: string, max: number): string =>
  text.length <= max ? text : `${text.slice(0, max - 1)}…`;
