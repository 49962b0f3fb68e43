import { dbscanBench, lofBench } from './clustering.js';
import { clampedBench, gradientsBench, scanBench, svdBench } from './kernels.js';
import type { Bench, BenchRow } from './measure.js';

const benches: Bench[] = [dbscanBench, lofBench, svdBench, gradientsBench, clampedBench, scanBench];

/** Entry of `npm run bench -- numerics`: every benchmark of the library, one after the other. */
export async function runBench({ log }: { log(line: string): void }): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const bench of benches) {
    log(`  ${bench.name} ...`);
    for (const row of await bench.run()) rows.push({ ...row, case: `${row.bench}: ${row.case}` });
  }
  return rows;
}
