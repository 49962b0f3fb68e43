import { newId } from '@hartonomous/contracts';
import type pg from 'pg';
import type { Queues } from '../queues.js';
import type { Chain } from './measure.js';

/** What a bare hop writes: as many rows as ours, without what makes ours safe. */
export type Write = (id: string) => Promise<void>;

/** No store at all: the price of BullMQ itself. */
export const writeNothing: Write = () => Promise.resolve();

const tables = ['bare_0', 'bare_1', 'bare_2', 'bare_3'];
const columns = 'id uuid primary key, at timestamptz not null default now(), body text not null';

/** Four tables of their own in the store's database. */
export async function createBareTables(pool: pg.Pool): Promise<void> {
  for (const table of tables) await pool.query(`create table ${table} (${columns})`);
}

/** One synchronous transaction of four rows, one statement a row, prepared. */
export const writeFourRows =
  (pool: pg.Pool): Write =>
  async (id) => {
    const client = await pool.connect();
    try {
      await client.query('begin');
      for (const table of tables) {
        const text = `insert into ${table} (id, body) values ($1, $2)`;
        await client.query({ name: table, text, values: [newId(), id] });
      }
      await client.query('commit');
    } finally {
      client.release();
    }
  };

export interface BareChain {
  /** Part of the queues' names. */
  name: string;
  write: Write;
  /** How often each hop writes. */
  writesOfHops?: readonly number[];
}

/** BullMQ as its documentation shows it: each worker writes, then adds the next job. */
export async function bareChain(
  queues: Queues,
  { name, write, writesOfHops = [1, 1, 1, 1] }: BareChain,
): Promise<Chain> {
  let mark = 0;
  let hopMs: number[] = [];
  let began = 0;
  let done: (tookMs: number) => void = () => {};
  const options = { removeOnComplete: true, removeOnFail: true } as const;
  const queueName = (at: number) => `reply-bare-${name}-${at}` as const;
  const send = (at: number, id: string) => {
    mark = performance.now();
    return queues.of(queueName(at)).add('hop', { id }, { jobId: newId(), ...options });
  };
  for (const [at, writes] of writesOfHops.entries()) {
    const worker = queues.worker(
      queueName(at),
      async (job) => {
        hopMs.push(performance.now() - mark);
        const { id } = job.data as { id: string };
        for (let i = 0; i < writes; i++) await write(id);
        if (at + 1 === writesOfHops.length) done(performance.now() - began);
        // As ours, the last hop sends a message that nobody waits for.
        await send(at + 1, id);
      },
      4,
    );
    await worker.waitUntilReady();
    void worker.run();
  }
  return {
    cycle: (into) =>
      new Promise<number>((resolve, reject) => {
        hopMs = into;
        done = resolve;
        began = performance.now();
        send(0, newId()).catch(reject);
      }),
  };
}
