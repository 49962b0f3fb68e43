import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { HartoError } from '@hartonomous/contracts';
import type { EngineName } from '../port/feature.js';

export interface MigrationFile {
  name: string;
  text: string;
  checksum: string;
}

const sqlRoot = new URL('../../../../sql/', import.meta.url);
const fileName = /^\d{12}_[a-z0-9_]+\.sql$/;

/** The engine's core migrations in their order. */
export async function coreMigrations(engine: EngineName, root: URL = sqlRoot): Promise<MigrationFile[]> {
  return readSql(new URL(`${engine}/core/`, root), fileName);
}

/** Features of the engine, each in its own file, applied where the server has what it needs. */
export async function featureFiles(engine: EngineName, root: URL = sqlRoot): Promise<MigrationFile[]> {
  return readSql(new URL(`${engine}/features/`, root), /^[a-z0-9_]+\.sql$/);
}

async function readSql(folder: URL, pattern: RegExp): Promise<MigrationFile[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  const odd = names.find((name) => !pattern.test(name));
  if (odd)
    throw new HartoError('STORE_MIGRATION_FAILED', `${odd} is not named like the others in its folder`);
  return Promise.all(
    names.map(async (name) => {
      // Line ends differ between checkouts; the checksum must not.
      const text = (await readFile(new URL(name, folder), 'utf8')).replaceAll('\r\n', '\n');
      return { name, text, checksum: createHash('sha256').update(text).digest('hex') };
    }),
  );
}
