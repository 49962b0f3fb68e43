import { openQueues } from '@hartonomous/bus';
import { openTestStore, type TestStore } from '@hartonomous/store/testing';
import { startRedis } from '@hartonomous/testing';
import pg from 'pg';
import { bareChain, createBareTables } from './bare-chain.js';
import type { BenchResult } from './bench-result.js';
import { actOnNothing, actThroughAllStates } from './hops.js';
import { loopChains } from './loop-chain.js';
import { interleave, quantile } from './measure.js';
import { simulatedFigures } from './simulated.js';

/** The runner starts a durable cluster and names it in HARTO_TEST_PG. */
export const needsPostgres = true;

const cycles = 200;
const target = '<=1.3';
const peer = 'four bare BullMQ hops, each one four-row transaction, two in act';

export async function runBench({ log }: { log(line: string): void }): Promise<BenchResult[]> {
  log('loop: simulations');
  const results = simulatedFigures();
  for (const engine of ['postgres', 'redis'] as const) {
    const redis = engine === 'redis' ? await startRedis() : null;
    if (engine === 'redis' && !redis) {
      results.push({
        case: 'redis cycle with a no-op action',
        ours: null,
        unit: 'ms',
        skipped: 'redis-server is not installed',
      });
      continue;
    }
    const test = await openTestStore({ poolSize: 8 });
    try {
      log(`loop: ${cycles} cycles on ${engine}`);
      results.push(...(await runOn(engine, test, redis?.url ?? test.urls.queueUrl)));
    } finally {
      await test.close();
      await redis?.remove();
    }
  }
  return results;
}

async function runOn(engine: string, test: TestStore, url: string): Promise<BenchResult[]> {
  const pool = new pg.Pool({ connectionString: test.urls.superuserUrl, max: 8 });
  const queues = await openQueues({ url, poolMax: 30 });
  try {
    await createBareTables(pool);
    const { chains, stop } = await loopChains(test.store, test.tenantId, queues, [
      actOnNothing,
      actThroughAllStates,
    ]);
    const bare = await bareChain(queues, pool);
    const [nothing, allStates, bareMs] = await interleave([...chains, bare], cycles);
    await stop();
    const row = (what: string, ours: number[], share: number, bound?: string): BenchResult => ({
      case: `${engine} ${what} p${share * 100}`,
      ours: quantile(ours, share),
      unit: 'ms',
      peer,
      peerValue: quantile(bareMs!, share),
      ...(bound ? { target: bound } : {}),
    });
    return [
      row('cycle with a no-op action', nothing!, 0.5, target),
      row('cycle with a no-op action', nothing!, 0.99),
      row('cycle with an action through every state', allStates!, 0.5),
      row('cycle with an action through every state', allStates!, 0.99),
    ];
  } finally {
    await queues.close();
    await pool.end();
  }
}
