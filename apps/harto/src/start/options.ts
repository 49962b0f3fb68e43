import { readdirSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { HartoError, workloadLineSchema } from '@hartonomous/contracts';
import type { WorkloadLine } from '@hartonomous/contracts';

/** Flags of `harto start`, as given. */
export interface StartFlags {
  corpus?: string[];
  /** A file to replay, or false for `--no-workload`. */
  workload: string | boolean;
  once?: boolean;
  scale: number;
  seed: number;
  clients: number;
  port?: number;
  minutes: number;
  verbose?: boolean;
}

export interface StartOptions {
  /** Absolute folders; null stands for the default corpus. */
  corpus: string[] | null;
  workload: { kind: 'mined' } | { kind: 'none' } | { kind: 'recorded'; file: string; lines: WorkloadLine[] };
  once: boolean;
  scale: number;
  seed: number;
  clients: number;
  port: number | null;
  minutes: number;
  verbose: boolean;
}

const workloadBytesMax = 64 * 1024 * 1024;

/** Checks everything that can be wrong before an engine is started. Relative paths are the caller's. */
export function readOptions(flags: StartFlags, callerFolder: string): StartOptions {
  const corpus = flags.corpus?.map((folder) => readableFolder(resolve(callerFolder, folder))) ?? null;
  return {
    corpus,
    workload: readWorkload(flags.workload, callerFolder),
    once: flags.once === true,
    scale: flags.scale,
    seed: flags.seed,
    clients: flags.clients,
    port: flags.port ?? null,
    minutes: flags.minutes,
    verbose: flags.verbose === true,
  };
}

function readableFolder(folder: string): string {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (!found) throw new HartoError('CORPUS_MISSING', `--corpus ${folder}: no such folder`);
  if (!found.isDirectory()) throw new HartoError('CORPUS_MISSING', `--corpus ${folder}: not a folder`);
  try {
    readdirSync(folder);
  } catch (error) {
    throw new HartoError('CORPUS_UNREADABLE', `--corpus ${folder}: permission denied`, { cause: error });
  }
  return folder;
}

function readWorkload(flag: string | boolean, callerFolder: string): StartOptions['workload'] {
  if (flag === false) return { kind: 'none' };
  if (typeof flag !== 'string') return { kind: 'mined' };
  const file = resolve(callerFolder, flag);
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found?.isFile()) throw new HartoError('INPUT_INVALID', `--workload ${file}: no such file`);
  if (found.size > workloadBytesMax) {
    throw new HartoError(
      'INPUT_TOO_LARGE',
      `--workload ${file}: ${found.size} bytes, at most ${workloadBytesMax}`,
    );
  }
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new HartoError('INPUT_INVALID', `--workload ${file}: cannot be read`, { cause: error });
  }
  const lines = text
    .split('\n')
    .flatMap((line, index) => (line.trim() === '' ? [] : [parseLine(line, file, index + 1)]));
  if (lines.length === 0) throw new HartoError('INPUT_INVALID', `--workload ${file}: it holds no request`);
  return { kind: 'recorded', file, lines };
}

function parseLine(line: string, file: string, number: number): WorkloadLine {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new HartoError('INPUT_INVALID', `--workload ${file}, line ${number}: not JSON`, { cause: error });
  }
  const parsed = workloadLineSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue.path.length > 0 ? `${issue.path.join('.')}: ` : '';
  throw new HartoError('INPUT_INVALID', `--workload ${file}, line ${number}: ${where}${issue.message}`);
}
