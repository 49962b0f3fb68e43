import { join } from 'node:path';
import { LogFile } from './log-file.js';

/** Log levels of the services' JSON lines (pino): 50 is error. */
const errorLevel = 50;
/** A service in trouble repeats itself; the file has every line. */
const shownPerMinute = 5;

/** Every line goes to `<service>.log`; errors, and with `-v` everything, also to the terminal with the service's name. */
export class ServiceLogs {
  private readonly files = new Map<string, LogFile>();
  private readonly shown = new Map<string, { minute: number; count: number }>();
  private closed = false;

  constructor(
    private readonly folder: string,
    private readonly verbose: boolean,
    private readonly say: (line: string) => void,
  ) {}

  readonly line = (service: string, line: string): void => {
    if (this.closed) return;
    this.fileOf(service).write(line);
    if (this.verbose) {
      this.say(`[${service}] ${line}`);
      return;
    }
    const error = errorOf(line);
    if (error !== null && this.mayShow(service)) this.say(`[${service}] ${error}`);
  };

  close(): void {
    this.closed = true;
    for (const file of this.files.values()) file.close();
  }

  private fileOf(service: string): LogFile {
    let file = this.files.get(service);
    if (!file) {
      file = new LogFile(join(this.folder, `${service}.log`));
      this.files.set(service, file);
    }
    return file;
  }

  private mayShow(service: string): boolean {
    const minute = Math.floor(performance.now() / 60_000);
    const last = this.shown.get(service);
    const count = last?.minute === minute ? last.count + 1 : 1;
    this.shown.set(service, { minute, count });
    return count <= shownPerMinute;
  }
}

function errorOf(line: string): string | null {
  if (!line.startsWith('{')) return null;
  try {
    const entry = JSON.parse(line) as { level?: number | string; msg?: string; err?: { message?: string } };
    const isError =
      typeof entry.level === 'number'
        ? entry.level >= errorLevel
        : /^(?:error|fatal)$/.test(entry.level ?? '');
    if (!isError) return null;
    return [entry.msg, entry.err?.message].filter(Boolean).join(': ') || line;
  } catch {
    return null;
  }
}
