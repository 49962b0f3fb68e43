import { bareChain, writeFourRows, writeNothing } from './bare-chain.js';
import type { BenchResult } from './bench-result.js';
import { onBothEngines } from './engines.js';
import type { EngineOfBench } from './engines.js';
import { interleave, quantile } from './measure.js';
import type { Timings } from './measure.js';
import { emptyCycle, serviceChain } from './service-chain.js';

export { bareChain, writeFourRows } from './bare-chain.js';
export type { BenchResult } from './bench-result.js';
export { onBothEngines } from './engines.js';
export type { EngineOfBench } from './engines.js';
export { interleave, quantile } from './measure.js';
export type { Chain } from './measure.js';
export { serviceChain } from './service-chain.js';
export type { Station } from './service-chain.js';

/** The runner starts a durable cluster and names it in HARTO_TEST_PG. */
export const needsPostgres = true;

const cycles = 300;
const target = '<=1.3';

export function runBench({ log }: { log(line: string): void }): Promise<BenchResult[]> {
  return onBothEngines((line) => log(`bus: ${cycles} ${line}`), compareOn);
}

async function compareOn({ engine, store, tenantId, queues, pool }: EngineOfBench): Promise<BenchResult[]> {
  const ours = await serviceChain(store, tenantId, queues, emptyCycle);
  const four = await bareChain(queues, { name: 'four', write: writeFourRows(pool) });
  const none = await bareChain(queues, { name: 'none', write: writeNothing });
  const timings = await interleave([ours, four, none], cycles);
  await ours.stop();
  return compare(engine, ...(timings as [Timings, Timings, Timings]));
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
