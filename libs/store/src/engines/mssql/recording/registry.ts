import { readFile, writeFile } from 'node:fs/promises';
import { coreMigrations } from '../../../sql/migration-files.js';
import type { Recording } from './record.js';
import { statementHash, type Sent } from './sent.js';

/** What the adapter sends, by method: compared exactly by a test, written by `npm run tsql:record`. */
export const statementsFile = new URL('../../../../../../sql/mssql/statements.json', import.meta.url);
/** What of it a server has carried out: written by a run of the suite with MSSQL_URL. */
const executedFile = new URL('../../../../../../sql/mssql/executed.json', import.meta.url);

interface Executed {
  /** Day of the last run against a server. */
  date: string | null;
  counts: { files: number; statements: number; pending: number };
  /** Core files applied by a server: name -> SHA-256. */
  files: Record<string, string>;
  /** SHA-256 of statements that a server has carried out. */
  statements: string[];
  /** Core files and statements that no server has seen yet. */
  pending: string[];
}

const nothing: Executed = {
  date: null,
  counts: { files: 0, statements: 0, pending: 0 },
  files: {},
  statements: [],
  pending: [],
};

async function read(): Promise<Executed> {
  const text = await readFile(executedFile, 'utf8').catch(() => null);
  return text === null ? nothing : (JSON.parse(text) as Executed);
}

const write = (file: URL, content: unknown): Promise<void> =>
  writeFile(file, `${JSON.stringify(content, null, 2)}\n`);

/** Brings the list up to what is sent now: what no server has seen is pending, what is no longer sent is gone. */
async function renew(recording: Recording, known: Executed, date: string | null): Promise<Executed> {
  const core = await coreMigrations('mssql');
  const hashes = Object.values(recording.statements).map(statementHash).sort();
  const seen = new Set(known.statements);
  const files = core.filter((file) => known.files[file.name] === file.checksum);
  const statements = hashes.filter((hash) => seen.has(hash));
  const pending = [
    ...core.filter((file) => !files.includes(file)).map((file) => file.name),
    ...hashes.filter((hash) => !seen.has(hash)),
  ];
  return {
    date,
    counts: { files: files.length, statements: statements.length, pending: pending.length },
    files: Object.fromEntries(files.map((file) => [file.name, file.checksum])),
    statements,
    pending,
  };
}

/** A run against a server: hashes of what it carried out, the core files among them. */
export interface Run {
  hashes: Iterable<string>;
}

/** Writes what is sent now and, after a run against a server, what was carried out. */
export async function saveRecording(recording: Recording, run: Run | null): Promise<Executed> {
  await write(statementsFile, recording);
  const known = await read();
  const executed = run ? await renewAfter(recording, known, run) : await renew(recording, known, known.date);
  await write(executedFile, executed);
  return executed;
}

async function renewAfter(recording: Recording, known: Executed, { hashes }: Run): Promise<Executed> {
  const files = Object.fromEntries((await coreMigrations('mssql')).map((file) => [file.name, file.checksum]));
  const seen = { ...known, files, statements: [...known.statements, ...hashes] };
  return renew(recording, seen, new Date().toISOString().slice(0, 10));
}

/** Keeps the hashes of what a server has carried out. */
export class Execution {
  readonly hashes = new Set<string>();

  readonly note = ({ text }: Sent): void => {
    this.hashes.add(statementHash(text));
  };
}
