import { HartoError } from '@hartonomous/contracts';
import {
  assertSchemaCompatibility,
  createPostgresBackend,
  LATEST_SCHEMA_VERSION,
  runMigrations,
  SchemaMigrationRequiredError,
  withBackend,
} from 'bullmq';
import type { PgPool } from 'bullmq';
import pg from 'pg';
import type { BusQueue, BusWorker, QueueBackend } from './backend.js';
import { asRefusedConnection } from './connection-faults.js';

/** BullMQ's own schema in the database of QUEUE_URL. */
const schema = 'bullmq';
const connectTimeoutMs = 5_000;

/**
 * The one pool that every queue and worker of the process shares. Commits are asynchronous: the outbox is the truth,
 * a job lost in a crash of the server is added again by the reconciler.
 * @param max above the workers' LISTEN connections plus concurrent commands, or `add` waits for ever
 */
export function sharedPool(url: string, max: number): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: 60_000,
    options: `-c search_path=${schema} -c synchronous_commit=off -c jit=off`,
    application_name: 'hartonomous-queue',
  });
  // Each queue and worker listens once; all of them share this emitter.
  pool.setMaxListeners(100);
  pool.on('error', () => {});
  // The pool listens to idle connections only: one that is cut between the statements of a transaction would end the
  // process. Whoever uses it sees the fault of its next statement.
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

/** The pool as BullMQ sees it: an outage of any kind reads as a refused connection. */
function withOutageCodes(pool: pg.Pool): PgPool {
  const mapped = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw asRefusedConnection(error);
    }
  };
  const face = {
    options: pool.options,
    query: (text: string, params?: unknown[]) => mapped(() => pool.query(text, params)),
    connect: () => mapped(() => pool.connect()),
    end: () => pool.end(),
    // A fault of an idle connection is nobody's: whoever asks next sees it. Queues come and go, their listeners would stay.
    on: () => face,
    removeAllListeners: () => face,
  };
  return face as unknown as PgPool;
}

/** Creates or upgrades BullMQ's schema and lets `role` use it; many may call it at once. */
export async function migrateQueue(ownerUrl: string, role?: string): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl, connectionTimeoutMillis: connectTimeoutMs });
  client.on('error', () => {});
  try {
    await client.connect();
    await runMigrations(client as unknown as Parameters<typeof runMigrations>[0]);
    if (role) await grant(client, role);
  } catch (error) {
    throw unreachable(ownerUrl, error);
  } finally {
    await client.end().catch(() => {});
  }
}

async function isCurrent(pool: pg.Pool): Promise<boolean> {
  try {
    return (await assertSchemaCompatibility(pool)) >= LATEST_SCHEMA_VERSION;
  } catch (error) {
    if (error instanceof SchemaMigrationRequiredError) return false;
    throw error;
  }
}

async function grant(client: pg.Client, role: string): Promise<void> {
  const name = pg.escapeIdentifier(role);
  await client.query(
    `grant usage on schema ${schema} to ${name};
     grant select, insert, update, delete on all tables in schema ${schema} to ${name};
     grant usage, select, update on all sequences in schema ${schema} to ${name};
     grant execute on all functions in schema ${schema} to ${name}`,
  );
}

/**
 * BullMQ's own getters page this engine's queues from the newest job on, whatever order is asked for, and a lane that
 * nobody takes from looks young then as long as jobs are added to it. Of a long queue the head is read.
 */
async function oldestReadyAt(pool: pg.Pool, queue: string): Promise<number | null> {
  const { rows } = await pool.query<{ ready_at: string | null }>(
    `select min(greatest(added_at_ms, coalesce(process_at_ms, 0))) as ready_at
       from (select added_at_ms, process_at_ms from job
              where queue = $1 and state = 'waiting' order by priority, seq limit 1000) as head`,
    [queue],
  );
  return rows[0]?.ready_at == null ? null : Number(rows[0].ready_at);
}

export function unreachable(url: string, cause: unknown): HartoError {
  if (cause instanceof HartoError) return cause;
  const where = URL.canParse(url) ? new URL(url).host : 'QUEUE_URL';
  const text = cause instanceof Error ? cause.message : String(cause);
  return new HartoError('QUEUE_UNREACHABLE', `the queue at ${where} cannot be used: ${text}`, { cause });
}

export async function openPostgresBackend(
  url: string,
  options: { prefix: string; poolMax: number },
): Promise<QueueBackend> {
  const pool = sharedPool(url, options.poolMax);
  try {
    if (!(await isCurrent(pool))) await migrateQueue(url);
  } catch (error) {
    await pool.end();
    throw unreachable(url, error);
  }
  const connection = withOutageCodes(pool);
  const { Queue, Worker } = withBackend(createPostgresBackend);
  const full = (name: string) => `${options.prefix}.${name}`;
  return {
    engine: 'postgres',
    queue: (name) => new Queue(full(name), { connection }) as unknown as BusQueue,
    worker: (name, processor, settings) =>
      new Worker(full(name), processor, { connection, ...settings }) as unknown as BusWorker,
    oldestReadyAt: (queue) => oldestReadyAt(pool, queue.name),
    close: () => pool.end(),
  };
}
