import { newId } from '@hartonomous/contracts';
import type pg from 'pg';
import type { Queues } from '../queues.js';
import type { Chain } from './measure.js';

const stations = ['bare-1', 'bare-2', 'bare-3', 'bare-4'] as const;

/** What a bare hop writes: as many rows as ours, without what makes ours safe. */
export type Write = (id: string) => Promise<void>;

/** No store at all: the price of BullMQ itself. */
export const writeNothing: Write = () => Promise.resolve();

const columns = 'id uuid primary key, at timestamptz not null default now(), body text not null';

/** Four tables of their own in the store's database. */
export async function createBareTables(pool: pg.Pool): Promise<void> {
  for (const [at] of stations.entries()) await pool.query(`create table bare_${at} (${columns})`);
}

/** One synchronous transaction of four rows, one statement a row, prepared. */
export const writeFourRows =
  (pool: pg.Pool): Write =>
  async (id) => {
    const client = await pool.connect();
    try {
      await client.query('begin');
      for (const [at] of stations.entries()) {
        const text = `insert into bare_${at} (id, body) values ($1, $2)`;
        await client.query({ name: `bare_${at}`, text, values: [newId(), id] });
      }
      await client.query('commit');
    } finally {
      client.release();
    }
  };

/** BullMQ as its documentation shows it: each worker writes, then adds the next job. */
export async function bareChain(name: string, queues: Queues, prefix: string, write: Write): Promise<Chain> {
  let mark = 0;
  let hopMs: number[] = [];
  let began = 0;
  let done: (tookMs: number) => void = () => {};
  const options = { removeOnComplete: true, removeOnFail: true } as const;
  const queue = (at: number) => queues.of(`reply-${prefix}-${stations[at] ?? 'end'}`);
  const send = (at: number, id: string) => {
    mark = performance.now();
    return queue(at).add('hop', { id }, { jobId: newId(), ...options });
  };
  for (const [at, station] of stations.entries()) {
    const worker = queues.worker(
      `reply-${prefix}-${station}`,
      async (job) => {
        hopMs.push(performance.now() - mark);
        const { id } = job.data as { id: string };
        await write(id);
        if (at + 1 === stations.length) done(performance.now() - began);
        // As ours, the last hop sends a message that nobody waits for.
        await send(at + 1, id);
      },
      4,
    );
    await worker.waitUntilReady();
    void worker.run();
  }
  return {
    name,
    cycle: (into) =>
      new Promise<number>((resolve, reject) => {
        hopMs = into;
        done = resolve;
        began = performance.now();
        send(0, newId()).catch(reject);
      }),
    stop: () => Promise.resolve(),
  };
}
