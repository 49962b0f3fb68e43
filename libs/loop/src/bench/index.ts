import {
  bareChain,
  interleave,
  onBothEngines,
  quantile,
  serviceChain,
  writeFourRows,
} from '@hartonomous/bus/bench';
import type { BenchResult, Chain, EngineOfBench, Station } from '@hartonomous/bus/bench';
import { actOnNothing, actThroughAllStates, analyze, hypothesize, learn } from './hops.js';
import { simulatedFigures } from './simulated.js';

/** The runner starts a durable cluster and names it in HARTO_TEST_PG. */
export const needsPostgres = true;

const cycles = 200;
const target = '<=1.3';
const peer = 'four bare BullMQ hops, each one four-row transaction, two in act';

export async function runBench({ log }: { log(line: string): void }): Promise<BenchResult[]> {
  log('loop: simulations');
  const simulated = simulatedFigures();
  return [...simulated, ...(await onBothEngines((line) => log(`loop: ${cycles} ${line}`), compareOn))];
}

async function compareOn({ engine, store, tenantId, queues, pool }: EngineOfBench): Promise<BenchResult[]> {
  let act = actOnNothing;
  const stations: Station[] = [
    { service: 'analyze', on: 'loop.cycle.requested', run: analyze },
    { service: 'hypothesize', on: 'loop.observation.recorded', run: hypothesize },
    { service: 'act', on: 'loop.hypotheses.ranked', run: (deps, message) => act(deps, message) },
    { service: 'learn', on: 'loop.action.concluded', run: learn },
  ];
  const ours = await serviceChain(store, tenantId, queues, stations);
  const acting = (way: typeof act): Chain => ({
    cycle: (hopMs) => {
      act = way;
      return ours.cycle(hopMs);
    },
  });
  const write = writeFourRows(pool);
  const bare = await bareChain(queues, { name: 'loop', write, writesOfHops: [1, 1, 2, 1] });
  const timings = await interleave([acting(actOnNothing), acting(actThroughAllStates), bare], cycles);
  await ours.stop();
  const [nothing, allStates, bareMs] = timings.map(({ cycleMs }) => cycleMs);
  const row = (what: string, ms: number[], share: number, bound?: string): BenchResult => ({
    case: `${engine} ${what} p${share * 100}`,
    ours: quantile(ms, share),
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
}
