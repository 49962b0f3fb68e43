import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { toStoreFault } from '../faults.js';
import { addressOf } from '../address.js';
import {
  blockBytes,
  BackupWriter,
  checkBackup,
  frameTypes,
  type BackupHeader,
  type BackupManifest,
  type TableEnd,
} from './backup-file.js';
import { copyOut, readCatalogue, textSettings } from './catalogue.js';

/** Speed over size: COPY text shrinks to a quarter at the lowest level already. */
const gzipLevel = 1;
const packed = promisify<Buffer, { level: number }, Buffer>(gzip);

export interface BackupProgress {
  step: 'write' | 'check' | 'load' | 'verify';
  table: string | null;
  /** Tables done so far, of all. */
  done: number;
  tables: number;
  /** Of the file, written or read so far. */
  bytes: number;
}

export interface BackupOptions {
  /** A superuser's login on the store's database: policies do not bind it. */
  url: string;
  file: string;
  /** Version of this software, for the file's header. */
  product: string;
  /** Replaces a file of that name. */
  replace?: boolean;
  onProgress?: (progress: BackupProgress) => void;
  signal?: AbortSignal;
}

/**
 * Writes all tables of the store, as they are at one instant, into a file that appears whole or not at all; the store
 * may be in use. At most a few MiB are held in memory.
 * @throws HartoError STORE_UNREACHABLE, INPUT_INVALID for the file; the signal's reason when it aborts
 */
export async function backupPostgres(options: BackupOptions): Promise<BackupManifest> {
  const { url, file, signal } = options;
  signal?.throwIfAborted();
  const client = await connected(url, 'hartonomous backup');
  const end = () => void client.end().catch(() => undefined);
  signal?.addEventListener('abort', end, { once: true });
  let writer: BackupWriter | undefined;
  try {
    writer = await BackupWriter.open(file, options.replace === true);
    const contents = await write(client, writer, options);
    const rows = contents.reduce((sum, table) => sum + table.rows, 0);
    signal?.throwIfAborted();
    await writer.finish({ tables: contents.length, rows }, options.replace === true);
    writer = undefined;
    const report = reporter(options.onProgress, 'check', contents.length);
    return await checkBackup(file, (bytes) => report(null, 0, bytes));
  } catch (error) {
    signal?.throwIfAborted();
    throw toStoreFault(error, addressOf(url));
  } finally {
    signal?.removeEventListener('abort', end);
    await writer?.abandon();
    await client.end().catch(() => undefined);
  }
}

/** A connection whose breaking is told by its next statement. */
export async function connected(url: string, name: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    application_name: name,
    keepAlive: true,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw toStoreFault(error, addressOf(url));
  }
  return client;
}

export const reporter =
  (onProgress: BackupOptions['onProgress'], step: BackupProgress['step'], tables: number) =>
  (table: string | null, done: number, bytes: number): void =>
    onProgress?.({ step, table, done, tables, bytes });

async function write(
  client: pg.Client,
  writer: BackupWriter,
  { product, onProgress, signal }: BackupOptions,
): Promise<TableEnd[]> {
  await client.query('begin isolation level repeatable read read only');
  await client.query(textSettings);
  const { rows } = await client.query<{ version: string }>(
    `select current_setting('server_version') as version`,
  );
  const catalogue = await readCatalogue(client);
  const header: BackupHeader = {
    format: 1,
    engine: 'postgres',
    product,
    createdAt: new Date().toISOString(),
    serverVersion: rows[0].version,
    ...catalogue,
  };
  await writer.json(frameTypes.header, header);
  const report = reporter(onProgress, 'write', header.tables.length);
  const contents: TableEnd[] = [];
  for (const table of header.tables) {
    const told = () => report(table.name, contents.length, writer.sizeBytes);
    told();
    await writer.json(frameTypes.table, { name: table.name });
    const text = client.query(copyTo(copyOut(table)));
    const end = await tableText(text, async (block) => {
      signal?.throwIfAborted();
      await writer.frame(frameTypes.data, await packed(block, { level: gzipLevel }));
      told();
    });
    contents.push({ name: table.name, rows: text.rowCount ?? 0, ...end });
    await writer.json(frameTypes.end, contents.at(-1));
  }
  await client.query('commit');
  return contents;
}

/** COPY text in blocks of 1 MiB, which need not end with a row; its length and SHA-256. */
export async function tableText(
  text: Readable,
  onBlock: (block: Buffer) => Promise<void>,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const block = Buffer.allocUnsafe(blockBytes);
  let held = 0;
  for await (const chunk of text as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
    for (let at = 0; at < chunk.length;) {
      const taken = chunk.copy(block, held, at);
      held += taken;
      at += taken;
      if (held < blockBytes) continue;
      await onBlock(block);
      held = 0;
    }
  }
  if (held > 0) await onBlock(block.subarray(0, held));
  return { bytes, sha256: hash.digest('hex') };
}
