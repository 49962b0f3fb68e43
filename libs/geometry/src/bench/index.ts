import { curvesBench } from './curves.js';
import type { Bench, BenchRow } from './measure.js';
import { neighboursBenches } from './neighbours.js';
import { shapesBench } from './shapes.js';

const benches: Bench[] = [...neighboursBenches, curvesBench, shapesBench];

/** Entry of `npm run bench -- geometry`: every benchmark of the library, one after the other. */
export async function runBench({ log }: { log(line: string): void }): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const bench of benches) {
    log(`  ${bench.name} ...`);
    for (const row of await bench.run()) rows.push({ ...row, case: `${row.bench}: ${row.case}` });
  }
  return rows;
}
