import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

const bytesMax = 10 * 1024 * 1024;

/** A log of at most 2 x 10 MB: the full file becomes `.1`, the one before goes. */
export class LogFile {
  private file: number;
  private bytes: number;

  constructor(private readonly path: string) {
    this.file = openSync(path, 'a');
    this.bytes = fstatSync(this.file).size;
  }

  write(line: string): void {
    if (this.bytes > bytesMax) this.rotate();
    const text = `${line}\n`;
    // Synchronous and small: a supervisor that ends must not lose what explains its end.
    this.bytes += writeSync(this.file, text);
  }

  close(): void {
    closeSync(this.file);
  }

  private rotate(): void {
    closeSync(this.file);
    renameSync(this.path, `${this.path}.1`);
    this.file = openSync(this.path, 'a');
    this.bytes = 0;
  }
}
