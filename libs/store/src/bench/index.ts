import pg from 'pg';
import { openTestStore, type TestStore } from '../testing.js';
import { benchSizes } from '../config/bench-sizes.js';
import { prepareBench, type BenchSetting } from './setting.js';
import { loadRows, mergeByHash, nearestNeighbours, pruneTenth, updateAll } from './cases.js';

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

const mebibyte = 2 ** 20;

export async function runBench({ log }: { log(line: string): void }): Promise<BenchResult[]> {
  const sizes = benchSizes();
  const t: TestStore = await openTestStore({ poolSize: 2 });
  const owner = new pg.Client({ connectionString: t.urls.superuserUrl });
  const results: BenchResult[] = [];
  let peak = 0;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 50);
  try {
    await owner.connect();
    const setting: BenchSetting = await prepareBench(t, owner, sizes);
    for (const run of [loadRows, updateAll, nearestNeighbours, pruneTenth, mergeByHash]) {
      const result = await run(setting);
      log(
        `store: ${result.case}: ${result.ours?.toFixed(1)} beside ${result.peerValue?.toFixed(1)} ${result.unit}`,
      );
      results.push(result);
    }
  } finally {
    clearInterval(watch);
    await owner.end();
    await t.close();
  }
  results.push({ case: 'peak RSS of the Node process', ours: peak / mebibyte, unit: 'MiB', target: '<=400' });
  return results;
}
