import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sharedPool } from '../postgres-backend.js';
import { openRig } from './rig.js';
import type { Rig } from './rig.js';

describe('the pool of the queues on PostgreSQL', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await openRig('postgres');
  });
  afterAll(() => rig.close());

  it('outlives a connection that is cut between the statements of a transaction', async () => {
    const pool = sharedPool(rig.queueUrl, 1);
    const client = await pool.connect();
    try {
      await client.query('begin');
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
      // Nothing is asked of it meanwhile: the fault comes as an event, which ends a process where nobody listens.
      const ended = new Promise<void>((resolve) => client.once('end', () => resolve()));
      await rig.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
      await ended;
      await expect(client.query('commit')).rejects.toThrow(/not queryable/);
    } finally {
      client.release(true);
    }
    expect((await pool.query<{ n: number }>('select 1 as n')).rows).toEqual([{ n: 1 }]);
    await pool.end();
  });

  it('serves a queue that was asked for the first time while the engine could not serve it', async () => {
    const queues = await rig.open();
    const add = () => queues.of('learn').add('job', {});
    await rig.query('alter schema bullmq rename to away');
    try {
      await expect(add()).rejects.toThrow(/is not initialized/);
    } finally {
      await rig.query('alter schema away rename to bullmq');
    }
    await add();
    expect(await queues.of('learn').getJobCounts('waiting')).toEqual({ waiting: 1 });
  });
});
