import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ActionDetail } from './loop-documents.js';
import { writePlantedCorpus, type PlantedCorpus } from './planted-corpus.js';
import { PlantedStore, termRows } from './planted-store.js';
import { startSystem, type RunningSystem } from './running-system.js';
import { concluded, decide, onlyType, proposal } from './steering.js';
import { Traffic } from './traffic.js';

/** Stops in the middle of measuring, and starts again. */
const stops = 3;

let corpus: PlantedCorpus;
let system: RunningSystem;
let traffic: Traffic;
let action: ActionDetail;
beforeAll(async () => {
  corpus = writePlantedCorpus(24);
  system = await startSystem({ corpus: [corpus.folder], flags: ['--no-workload'] });
  traffic = new Traffic(system);
  traffic.ask(corpus.queries);
  const store = await PlantedStore.open(system);
  await store.fillTerms(termRows);
  await store.rows('vacuum analyze atom_term');
  await store.close();
  await onlyType(system, 'IndexOptimization');
  await traffic.more(60);
  action = await proposal(system, 'IndexOptimization', /^atom_term\(tenant_id, term\)/, () =>
    traffic.more(60),
  );
  await decide(system, action, 'approve');
}, 600_000);
afterAll(async () => {
  await traffic?.end();
  await system?.remove();
  if (corpus) rmSync(corpus.folder, { recursive: true });
}, 60_000);

const pairsOf = async (): Promise<number> =>
  (await system.get<ActionDetail>(`/v1/actions/${action.id}`)).evidence.length;

describe('an installation that is stopped while an action is measured', () => {
  it('goes on where it was: no pair is cut, missing or there twice', async () => {
    for (let stop = 0; stop < stops; stop++) {
      const known = await pairsOf();
      await system.until('next pair', async () => ((await pairsOf()) > known ? true : null), 120_000);
      await traffic.end();
      const late = system.logOf('act').filter((line) => line.includes('handlers did not finish')).length;
      const seconds = await system.stop();
      const cut =
        system.logOf('act').filter((line) => line.includes('handlers did not finish')).length - late;
      console.log(`stopped in ${seconds.toFixed(1)} s after ${known} pairs, steps handed back: ${cut}`);
      system = await startSystem({ corpus: [corpus.folder], flags: ['--no-workload'], home: system.home });
      traffic = new Traffic(system);
      traffic.ask(corpus.queries);
    }
    const ended = await concluded(system, action);
    expect(ended.state).toBe('Kept');
    for (const kind of ['AA', 'AB'] as const) {
      const rows = ended.evidence.filter((row) => row.kind === kind);
      const numbers = rows.map((row) => row.pairNo).toSorted((a, b) => a - b);
      expect(numbers).toEqual(numbers.map((_, i) => i));
      for (const row of rows) expect([row.control.length, row.treated.length]).toEqual([20, 20]);
    }
    const steps = ended.transitions.map((step) => step.toState);
    expect(new Set(steps).size).toBe(steps.length);
    expect(await system.get('/v1/dead-letters')).toEqual({ items: [] });
  }, 900_000);
});
