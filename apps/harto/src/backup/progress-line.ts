import type { BackupProgress } from '@hartonomous/store';

const terminalEveryMs = 100;
const logEveryMs = 5_000;

const words = { write: 'writing', check: 'checking the file', load: 'loading', verify: 'verifying' } as const;

/** Progress on standard error: one line that rewrites itself on a terminal, a line now and then elsewhere. */
export class ProgressLine {
  private last = 0;
  private lastStep: string | null = null;
  private width = 0;

  constructor(
    private readonly stream: { isTTY?: boolean; write(text: string): unknown } = process.stderr,
    private readonly now: () => number = () => performance.now(),
  ) {}

  readonly update = (progress: BackupProgress): void => {
    const everyMs = this.stream.isTTY ? terminalEveryMs : logEveryMs;
    const isNew = progress.step !== this.lastStep;
    if (!isNew && this.now() - this.last < everyMs) return;
    this.last = this.now();
    this.lastStep = progress.step;
    this.show(progressText(progress));
  };

  end(): void {
    if (this.stream.isTTY && this.width > 0) this.stream.write(`\r${' '.repeat(this.width)}\r`);
    this.width = 0;
  }

  private show(text: string): void {
    this.stream.write(this.stream.isTTY ? `\r${text.padEnd(this.width)}` : `${text}\n`);
    this.width = Math.max(this.width, text.length);
  }
}

export function progressText({ step, table, done, tables, bytes }: BackupProgress): string {
  const of = tables > 0 && table !== null ? ` ${table} (${done + 1} of ${tables})` : '';
  return `${words[step]}${of}, ${megabytes(bytes)}`;
}

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
