import { newId } from '@hartonomous/contracts';
import type { Queues } from '@hartonomous/bus';
import type pg from 'pg';
import type { Chain } from './measure.js';

const tables = ['bare_0', 'bare_1', 'bare_2', 'bare_3'];
/** Transactions of each hop: the third writes before it acts and after. */
const transactionsOfHops = [1, 1, 2, 1];
const concurrency = 4;

export async function createBareTables(pool: pg.Pool): Promise<void> {
  for (const table of tables) {
    await pool.query(
      `create table ${table} (id uuid primary key, at timestamptz not null default now(), body text not null)`,
    );
  }
}

/** One synchronous transaction of four rows, one statement a row, prepared. */
async function writeFourRows(pool: pg.Pool, body: string): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    for (const table of tables) {
      const text = `insert into ${table} (id, body) values ($1, $2)`;
      await client.query({ name: table, text, values: [newId(), body] });
    }
    await client.query('commit');
  } finally {
    client.release();
  }
}

/** BullMQ as its documentation shows it: each worker writes, then adds the next job. */
export async function bareChain(queues: Queues, pool: pg.Pool): Promise<Chain> {
  let began = 0;
  let done: (tookMs: number) => void = () => {};
  const name = (at: number) => `reply-bare-loop-${at}` as const;
  const send = (at: number, id: string) =>
    queues.of(name(at)).add('hop', { id }, { jobId: newId(), removeOnComplete: true, removeOnFail: true });
  for (const [at, transactions] of transactionsOfHops.entries()) {
    const worker = queues.worker(
      name(at),
      async (job) => {
        const { id } = job.data as { id: string };
        for (let i = 0; i < transactions; i++) await writeFourRows(pool, id);
        if (at + 1 === transactionsOfHops.length) done(performance.now() - began);
        // As ours, the last hop sends a message that nobody waits for.
        await send(at + 1, id);
      },
      concurrency,
    );
    await worker.waitUntilReady();
    void worker.run();
  }
  return {
    cycle: () =>
      new Promise<number>((resolve, reject) => {
        done = resolve;
        began = performance.now();
        send(0, newId()).catch(reject);
      }),
  };
}
