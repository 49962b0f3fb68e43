import { HartoError } from '@hartonomous/contracts';
import { faultPoint } from '@hartonomous/faults';
import type { QueryRunner } from 'typeorm';
import type { MigrationFile } from './migration-files.js';

/** What an engine does in its own words. Everything runs on the one connection of the runner. */
export interface MigrationDialect {
  lock(runner: QueryRunner): Promise<void>;
  unlock(runner: QueryRunner): Promise<void>;
  createJournal: string;
  /** One or more batches; a file is one transaction. */
  batches(text: string): string[];
  insertJournal: string;
  readJournal: string;
}

interface JournalRow {
  name: string;
  checksum: string;
}

export interface MigrationResult {
  applied: string[];
  known: number;
}

/**
 * Applies what is missing, in order, under a lock: any number of processes may start it. A file and its journal row
 * are one transaction, so that a crash leaves a file whole or absent.
 * @throws HartoError STORE_MIGRATION_FAILED, naming the file
 */
export async function runMigrations(
  runner: QueryRunner,
  files: MigrationFile[],
  dialect: MigrationDialect,
  applyFeatures: () => Promise<void> = () => Promise.resolve(),
): Promise<MigrationResult> {
  await dialect.lock(runner);
  try {
    await runner.query(dialect.createJournal);
    const journal = (await runner.query(dialect.readJournal)) as JournalRow[];
    const missing = missingFiles(files, journal);
    for (const file of missing) await applyFile(runner, file, dialect);
    await applyFeatures();
    return { applied: missing.map((file) => file.name), known: files.length };
  } finally {
    // With the connection gone the lock is gone too.
    await dialect.unlock(runner).catch(() => undefined);
  }
}

function missingFiles(files: MigrationFile[], journal: JournalRow[]): MigrationFile[] {
  const known = new Map(files.map((file) => [file.name, file]));
  for (const row of journal) {
    const file = known.get(row.name);
    if (!file) {
      throw new HartoError(
        'STORE_MIGRATION_FAILED',
        `the store has ${row.name}, which this version does not know: start a newer version`,
      );
    }
    if (file.checksum !== row.checksum) {
      throw new HartoError(
        'STORE_MIGRATION_FAILED',
        `${row.name} differs from what was applied: applied files never change, add a new one`,
      );
    }
  }
  const applied = new Set(journal.map((row) => row.name));
  const newest = journal.reduce((max, row) => (row.name > max ? row.name : max), '');
  const missing = files.filter((file) => !applied.has(file.name));
  const late = missing.find((file) => file.name < newest);
  if (late) {
    throw new HartoError(
      'STORE_MIGRATION_FAILED',
      `${late.name} is older than ${newest}, which was applied before`,
    );
  }
  return missing;
}

async function applyFile(runner: QueryRunner, file: MigrationFile, dialect: MigrationDialect): Promise<void> {
  await runner.startTransaction();
  try {
    for (const batch of dialect.batches(file.text)) await runner.query(batch);
    await faultPoint('store.in-migration');
    await runner.query(dialect.insertJournal, [file.name, file.checksum]);
    await runner.commitTransaction();
  } catch (error) {
    // After a lost connection there is nothing left to roll back; the server has done it.
    await runner.rollbackTransaction().catch(() => undefined);
    throw new HartoError('STORE_MIGRATION_FAILED', `${file.name}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
