import { Presets, SingleBar } from 'cli-progress';
import type { Output } from '../output.js';

export interface IngestProgress {
  phase: string;
  done: number;
  total: number;
}

const phases: Record<string, string> = {
  walk: 'looking for files',
  ingest: 'reading files',
  relate: 'relating atoms',
  place: 'placing atoms on the map',
};

/** A bar on a terminal; elsewhere a line per phase and quarter. */
export class IngestBar {
  private bar: SingleBar | null = null;
  private phase = '';
  private quarter = -1;

  constructor(private readonly output: Output) {}

  readonly update = ({ phase, done, total }: IngestProgress): void => {
    const name = phases[phase] ?? phase;
    if (process.stderr.isTTY) this.draw(name, done, total);
    else this.line(name, done, total);
  };

  end(): void {
    this.bar?.stop();
    this.bar = null;
  }

  private draw(name: string, done: number, total: number): void {
    if (this.phase !== name) {
      this.end();
      this.phase = name;
      const format = `${name} {bar} {value}/{total} ({duration_formatted})`;
      this.bar = new SingleBar(
        { format, stream: process.stderr, clearOnComplete: true, hideCursor: true },
        Presets.shades_classic,
      );
      this.bar.start(total, done);
    }
    this.bar?.setTotal(total);
    this.bar?.update(done);
  }

  private line(name: string, done: number, total: number): void {
    const quarter = total === 0 ? 0 : Math.floor((4 * done) / total);
    if (this.phase === name && this.quarter === quarter) return;
    const known = this.phase === name;
    this.phase = name;
    this.quarter = quarter;
    if (known || done === 0 || total <= 1) this.output.say(`${name}: ${done}/${total}`);
  }
}
