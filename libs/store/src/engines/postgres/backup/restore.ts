import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { HartoError } from '@hartonomous/contracts';
import { openStore } from '../../../open-store.js';
import { coreMigrations, featureFiles, type MigrationFile } from '../../../sql/migration-files.js';
import { runMigrations } from '../../../sql/migration-runner.js';
import { bootstrapPostgres, type Passwords, type PostgresUrls } from '../bootstrap.js';
import { PostgresConnections } from '../connections.js';
import { applyFeatures } from '../features.js';
import { postgresMigrations } from '../migrations.js';
import { connected, reporter, tableText, type BackupProgress } from './backup.js';
import {
  blockBytes,
  checkBackup,
  frameTypes,
  readFrames,
  type BackupManifest,
  type Frame,
} from './backup-file.js';
import { copyIn, copyOut, quoted, readCatalogue, textSettings } from './catalogue.js';

export interface RestoreOptions {
  /** Superuser of the cluster. */
  url: string;
  database: string;
  passwords: Passwords;
  file: string;
  /** Replaces a database that holds something. */
  force?: boolean;
  onProgress?: (progress: BackupProgress) => void;
  signal?: AbortSignal;
}

export interface RestoreReport {
  manifest: BackupManifest;
  /** Migrations that are newer than the backup and were applied to it. */
  applied: string[];
  /** The audit chain of each tenant, recomputed from the restored rows. */
  audit: { tenantId: string; tenant: string; rows: number; brokenAt: number | null }[];
  replaced: boolean;
}

type Report = ReturnType<typeof reporter>;
type Table = BackupManifest['tables'][number];

const unpacked = promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip);

/**
 * Loads a backup into a fresh database beside the present one, verifies counts, hashes and audit chains there, and only
 * then puts it in its place: whatever goes wrong before leaves everything as it was.
 * @throws HartoError INPUT_INVALID for the file, STATE_CONFLICT when something is there and `force` is not given,
 * STORE_CORRUPT when what was loaded is not what the file holds
 */
export async function restorePostgres(options: RestoreOptions): Promise<RestoreReport> {
  const { url, database, file, signal } = options;
  const check = reporter(options.onProgress, 'check', 0);
  const manifest = await checkBackup(file, (bytes) => {
    signal?.throwIfAborted();
    check(null, 0, bytes);
  });
  const migrations = await migrationsOf(manifest, file);
  const cluster = await connected(url, 'hartonomous restore');
  const fresh = `${database}_restore_${randomBytes(4).toString('hex')}`;
  try {
    const replaced = await holdsSomething(cluster, url, database);
    if (replaced && !options.force) {
      throw new HartoError(
        'STATE_CONFLICT',
        'there is a store here already: give --force to replace it, or choose another folder with HARTO_HOME',
      );
    }
    await dropLeftovers(cluster, database);
    const urls = await bootstrapPostgres(url, fresh, options.passwords);
    await migrateTo(urls, migrations);
    await load(urls, manifest, options);
    const { audit, applied } = await finish(urls);
    signal?.throwIfAborted();
    await takePlace(cluster, database, fresh);
    return { manifest, applied, audit, replaced };
  } finally {
    // Gone by then when it has taken its place.
    await cluster.query(`drop database if exists ${fresh} with (force)`).catch(() => undefined);
    await cluster.end().catch(() => undefined);
  }
}

/** The migrations that the backup was made under. @throws HartoError INPUT_INVALID when this version does not have them */
async function migrationsOf(manifest: BackupManifest, file: string): Promise<MigrationFile[]> {
  const known = new Map((await coreMigrations('postgres')).map((migration) => [migration.name, migration]));
  return manifest.migrations.map(({ name, checksum }) => {
    const migration = known.get(name);
    if (!migration) {
      throw new HartoError(
        'INPUT_INVALID',
        `${file} was made by a newer version of Hartonomous (it has ${name}): restore it with that version`,
      );
    }
    if (migration.checksum !== checksum) {
      throw new HartoError(
        'INPUT_INVALID',
        `${file} was made by another build of Hartonomous (its ${name} differs): restore it with that one`,
      );
    }
    return migration;
  });
}

/** A store with any tenant in it. */
async function holdsSomething(cluster: pg.Client, url: string, database: string): Promise<boolean> {
  const { rowCount } = await cluster.query('select 1 from pg_database where datname = $1', [database]);
  if (rowCount === 0) return false;
  const inside = new URL(url);
  inside.pathname = `/${database}`;
  const client = await connected(inside.toString(), 'hartonomous restore');
  try {
    const { rows } = await client.query<{ found: string | null }>(
      `select to_regclass('public.tenant') as found`,
    );
    if (rows[0].found === null) return false;
    return ((await client.query('select 1 from public.tenant limit 1')).rowCount ?? 0) > 0;
  } finally {
    await client.end();
  }
}

/** Databases of restores that were killed. */
async function dropLeftovers(cluster: pg.Client, database: string): Promise<void> {
  const { rows } = await cluster.query<{ name: string }>(
    `select datname as name from pg_database where datname ~ $1`,
    [`^${database}_(restore|replaced)_[0-9a-f]{8}$`],
  );
  for (const { name } of rows) {
    await cluster.query(`drop database if exists ${cluster.escapeIdentifier(name)} with (force)`);
  }
}

async function migrateTo(urls: PostgresUrls, files: MigrationFile[]): Promise<void> {
  const connections = new PostgresConnections({ ...urls, applicationName: 'hartonomous restore' });
  try {
    const { source } = await connections.owner();
    const runner = source.createQueryRunner();
    await runner.connect();
    const features = await featureFiles('postgres');
    await runMigrations(runner, files, postgresMigrations, () => applyFeatures(runner, features));
    await runner.release();
  } finally {
    await connections.close();
  }
}

async function load(urls: PostgresUrls, manifest: BackupManifest, options: RestoreOptions): Promise<void> {
  const { file, signal, onProgress } = options;
  const client = await connected(urls.superuserUrl, 'hartonomous restore');
  const end = () => void client.end().catch(() => undefined);
  signal?.addEventListener('abort', end, { once: true });
  try {
    await sameTables(client, manifest, file);
    await client.query('begin');
    await client.query(textSettings);
    // Rows go in as they came out: keys are checked, triggers and foreign keys held when they were written.
    await client.query(`set local session_replication_role = 'replica'`);
    await client.query(`truncate ${manifest.tables.map((table) => quoted(table.name)).join(', ')}`);
    await loadTables(client, manifest, options);
    await client.query('commit');
    await restoreRest(urls.maintenanceUrl, manifest);
    await verifyTables(client, manifest, reporter(onProgress, 'verify', manifest.tables.length), signal);
    await client.query('analyze');
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', end);
    await client.end().catch(() => undefined);
  }
}

async function sameTables(client: pg.Client, manifest: BackupManifest, file: string): Promise<void> {
  const { tables } = await readCatalogue(client);
  if (JSON.stringify(tables) === JSON.stringify(manifest.tables)) return;
  const known = new Map(tables.map((table) => [table.name, JSON.stringify(table)]));
  const odd = manifest.tables.find((table) => known.get(table.name) !== JSON.stringify(table));
  const what = odd ? `its table ${odd.name}` : 'its list of tables';
  throw new HartoError('INPUT_INVALID', `${file} does not fit its own migrations: ${what} is another one`);
}

async function loadTables(
  client: pg.Client,
  manifest: BackupManifest,
  { file, signal, onProgress }: RestoreOptions,
): Promise<void> {
  const report = reporter(onProgress, 'load', manifest.tables.length);
  const frames = readFrames(file);
  let done = 0;
  for await (const frame of frames) {
    if (frame.type !== frameTypes.table) continue;
    const table = manifest.tables[done];
    const { rows, sha256 } = manifest.contents[done];
    report(table.name, done, frame.at);
    const sink = client.query(copyFrom(copyIn(table)));
    const hash = createHash('sha256');
    const data = dataOf(frames, file, (block, at) => {
      signal?.throwIfAborted();
      hash.update(block);
      report(table.name, done, at);
    });
    await pipeline(Readable.from(data, { objectMode: false }), sink);
    if (sink.rowCount !== rows || hash.digest('hex') !== sha256) throw differs(table, 'in the file');
    done++;
  }
}

/** Data frames up to the end of their table, unpacked. */
async function* dataOf(
  frames: AsyncGenerator<Frame>,
  file: string,
  onBlock: (block: Buffer, at: number) => void,
): AsyncGenerator<Buffer> {
  for (;;) {
    const { value: frame, done } = await frames.next();
    if (done || frame.type !== frameTypes.data) return;
    const block = await unpacked(frame.payload, { maxOutputLength: blockBytes }).catch((error: unknown) => {
      throw new HartoError('INPUT_INVALID', `${file} cannot be unpacked near byte ${frame.at}`, {
        cause: error,
      });
    });
    onBlock(block, frame.at);
    yield block;
  }
}

const differs = ({ name }: Table, where: string): HartoError =>
  new HartoError(
    'STORE_CORRUPT',
    `table ${name} ${where} is not what the backup says: rows or SHA-256 differ`,
  );

/** A definition as the server writes it; a file is not trusted to be anything else. */
const earnedIndex =
  /^CREATE (?:UNIQUE )?INDEX (earned_[a-z0-9_]+) ON public\.[a-z0-9_]+ USING [a-z]+ \([^;]*$/;

/** By the owner's login, not the superuser's: these are the only statements that come out of the file. */
async function restoreRest(url: string, { sequences, indexes, options }: BackupManifest): Promise<void> {
  const client = await connected(url, 'hartonomous restore');
  try {
    for (const { table, column, next } of sequences) {
      await client.query(`select setval(pg_get_serial_sequence($1, $2), $3::bigint, false)`, [
        quoted(table),
        column,
        next,
      ]);
    }
    for (const { name, definition } of indexes) {
      if (earnedIndex.exec(definition)?.[1] !== name) {
        throw new HartoError(
          'INPUT_INVALID',
          `the backup's index ${name.slice(0, 60)} is none that the loop makes`,
        );
      }
      const { rows } = await client.query<{ there: boolean }>(`select to_regclass($1) is not null as there`, [
        quoted(name),
      ]);
      if (!rows[0].there) await client.query({ text: definition, queryMode: 'extended' } as pg.QueryConfig);
    }
    for (const { table, options: list } of options) {
      const safe = list.filter((option) => /^[a-z_.]+=[a-z0-9_.-]+$/i.test(option));
      if (safe.length > 0) await client.query(`alter table ${quoted(table)} set (${safe.join(', ')})`);
    }
  } finally {
    await client.end();
  }
}

/** Reads everything back out of the database. */
async function verifyTables(
  client: pg.Client,
  manifest: BackupManifest,
  report: Report,
  signal: AbortSignal | undefined,
): Promise<void> {
  await client.query('begin isolation level repeatable read read only');
  await client.query(textSettings);
  for (const [i, table] of manifest.tables.entries()) {
    report(table.name, i, manifest.sizeBytes);
    const text = client.query(copyTo(copyOut(table)));
    const found = await tableText(text, async () => signal?.throwIfAborted());
    const { rows, sha256 } = manifest.contents[i];
    if (text.rowCount !== rows || found.sha256 !== sha256) throw differs(table, 'as restored');
  }
  await client.query('commit');
}

async function finish(urls: PostgresUrls): Promise<Pick<RestoreReport, 'audit' | 'applied'>> {
  const store = await openStore({ ...urls, applicationName: 'hartonomous restore' });
  try {
    const { applied } = await store.maintenance.migrate();
    const tenants = await store.withSystem('verify a restored store', (tx) => tx.tenants.list());
    const audit: RestoreReport['audit'] = [];
    for (const { id, name } of tenants) {
      audit.push({ tenantId: id, tenant: name, ...(await store.withTenant(id, (tx) => tx.audit.verify())) });
    }
    return { audit, applied };
  } finally {
    await store.close();
  }
}

/** One transaction renames both; the old one is dropped when the new one has its name. */
async function takePlace(cluster: pg.Client, database: string, fresh: string): Promise<void> {
  const old = `${database}_replaced_${randomBytes(4).toString('hex')}`;
  const name = cluster.escapeIdentifier(database);
  await cluster.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = any ($1) and pid <> pg_backend_pid()`,
    [[database, fresh]],
  );
  const { rowCount } = await cluster.query('select 1 from pg_database where datname = $1', [database]);
  await cluster.query('begin');
  try {
    if (rowCount === 1) await cluster.query(`alter database ${name} rename to ${old}`);
    await cluster.query(`alter database ${fresh} rename to ${name}`);
    await cluster.query('commit');
  } catch (error) {
    await cluster.query('rollback');
    throw error;
  }
  if (rowCount === 1) await cluster.query(`drop database if exists ${old} with (force)`);
}
