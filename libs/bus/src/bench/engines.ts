import { openTestStore } from '@hartonomous/store/testing';
import type { TestStore } from '@hartonomous/store/testing';
import { startRedis } from '@hartonomous/testing';
import pg from 'pg';
import { openQueues } from '../queues.js';
import type { Queues } from '../queues.js';
import { createBareTables } from './bare-chain.js';
import type { BenchResult } from './bench-result.js';

export interface EngineOfBench {
  engine: 'postgres' | 'redis';
  store: TestStore['store'];
  tenantId: string;
  queues: Queues;
  /** Where the bare chains write: tables of their own in the store's database. */
  pool: pg.Pool;
}

/** Runs on queues of both engines, each beside a fresh store; one that is not installed is a row that says so. */
export async function onBothEngines(
  log: (line: string) => void,
  run: (of: EngineOfBench) => Promise<BenchResult[]>,
): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  for (const engine of ['postgres', 'redis'] as const) {
    const redis = engine === 'redis' ? await startRedis() : null;
    if (engine === 'redis' && !redis) {
      results.push({ case: 'redis', ours: null, unit: 'ms', skipped: 'redis-server is not installed' });
      continue;
    }
    const test = await openTestStore({ poolSize: 8 });
    try {
      log(`cycles on ${engine}`);
      results.push(...(await runOn(engine, test, redis?.url ?? test.urls.queueUrl, run)));
    } finally {
      await test.close();
      await redis?.remove();
    }
  }
  return results;
}

async function runOn(
  engine: EngineOfBench['engine'],
  { store, tenantId, urls }: TestStore,
  url: string,
  run: (of: EngineOfBench) => Promise<BenchResult[]>,
): Promise<BenchResult[]> {
  const pool = new pg.Pool({ connectionString: urls.superuserUrl, max: 8 });
  const queues = await openQueues({ url, poolMax: 30 });
  try {
    await createBareTables(pool);
    return await run({ engine, store, tenantId, queues, pool });
  } finally {
    await queues.close();
    await pool.end();
  }
}
