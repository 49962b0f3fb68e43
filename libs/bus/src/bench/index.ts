import { startRedis } from '@hartonomous/testing';
import { openTestStore } from '@hartonomous/store/testing';
import type { TestStore } from '@hartonomous/store/testing';
import pg from 'pg';
import { openQueues } from '../queues.js';
import { bareChain, createBareTables, writeFourRows, writeNothing } from './bare-chain.js';
import { interleave, quantile } from './measure.js';
import type { Timings } from './measure.js';
import { ourChain } from './our-chain.js';

export interface BenchResult {
  case: string;
  ours: number | null;
  unit: string;
  peer?: string | null;
  peerValue?: number | null;
  target?: string | null;
  skipped?: string;
}

/** The runner starts a durable cluster and names it in HARTO_TEST_PG. */
export const needsPostgres = true;

const cycles = 300;
const target = '<=1.3';

export async function runBench({ log }: { log(line: string): void }): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  for (const engine of ['postgres', 'redis'] as const) {
    const redis = engine === 'redis' ? await startRedis() : null;
    if (engine === 'redis' && !redis) {
      results.push({ case: 'redis', ours: null, unit: 'ms', skipped: 'redis-server is not installed' });
      continue;
    }
    const test = await openTestStore({ poolSize: 8 });
    try {
      log(`bus: ${cycles} cycles on ${engine}`);
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
    const ours = await ourChain(test.store, test.tenantId, queues);
    const four = await bareChain('four-row transaction', queues, 'four', writeFourRows(pool));
    const none = await bareChain('no store', queues, 'none', writeNothing);
    const timings = await interleave([ours, four, none], cycles);
    await ours.stop();
    const of = (chain: typeof ours) => timings.get(chain) as Timings;
    return compare(engine, of(ours), of(four), of(none));
  } finally {
    await queues.close();
    await pool.end();
  }
}

function compare(engine: string, ours: Timings, four: Timings, none: Timings): BenchResult[] {
  const row = (
    what: string,
    key: keyof Timings,
    share: number,
    peer: string,
    bare: Timings,
    bound?: string,
  ) => ({
    case: `${engine} ${what} p${share * 100}`,
    ours: quantile(ours[key], share),
    unit: 'ms',
    peer,
    peerValue: quantile(bare[key], share),
    ...(bound ? { target: bound } : {}),
  });
  const written = 'bare BullMQ hops, each one four-row transaction';
  const bare = 'bare BullMQ chain, nothing written';
  return [
    row('cycle of 4 hops', 'cycleMs', 0.5, written, four, target),
    row('cycle of 4 hops', 'cycleMs', 0.99, written, four),
    row('hop', 'hopMs', 0.5, written, four),
    row('hop', 'hopMs', 0.99, written, four),
    row('cycle of 4 hops, over the bare chain,', 'cycleMs', 0.5, bare, none),
    row('hop, over the bare chain,', 'hopMs', 0.5, bare, none),
  ];
}
