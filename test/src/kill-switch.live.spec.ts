import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { writePlantedCorpus, type PlantedCorpus } from './planted-corpus.js';
import { PlantedStore } from './planted-store.js';
import { startSystem, type RunningSystem } from './running-system.js';
import { pause, Traffic } from './traffic.js';

const running = 50;

let corpus: PlantedCorpus;
let system: RunningSystem;
let store: PlantedStore;
let traffic: Traffic;
beforeAll(async () => {
  corpus = writePlantedCorpus(24);
  system = await startSystem({ corpus: [corpus.folder], flags: ['--no-workload'] });
  store = await PlantedStore.open(system);
  traffic = new Traffic(system);
  traffic.ask(corpus.queries);
  await traffic.more(60);
}, 300_000);
afterAll(async () => {
  await traffic?.end();
  await store?.close();
  await system?.remove();
  if (corpus) rmSync(corpus.folder, { recursive: true });
}, 60_000);

const flip = (on: boolean) =>
  system.send<{ since: string }>('PUT', '/v1/kill-switch', { on, reason: `${running} actions are running` });

describe('the kill switch of a running system', () => {
  it(`lets none of ${running} running actions write anything after 2 s, and all go on when it is armed`, async () => {
    await store.addPlacebos(running);
    const measuring = async () => {
      const [row] = await store.rows<{ count: string }>(
        `select count(distinct action_id) from evidence_pair p join action a on a.id = p.action_id
          where a.state = 'Verifying'`,
      );
      return Number(row!.count) >= running ? true : null;
    };
    await system.until(`${running} actions that are measured`, measuring, 300_000);
    const { since } = await flip(true);
    await pause(2_000);
    const frozen = await store.written();
    await pause(8_000);
    expect(await store.written()).toEqual(frozen);
    console.log(`last write of an action ${frozen.lastMs - Date.parse(since)} ms after the switch`);
    // Serving goes on.
    await traffic.more(20);
    await flip(false);
    const goesOn = async () => ((await store.written()).pairs > frozen.pairs + running ? true : null);
    await system.until('pairs of actions that go on', goesOn, 120_000);
    const ends = await store.rows<{ kind: string; pairs: string; last: number }>(
      'select kind, count(*) as pairs, max(pair_no) as last from evidence_pair group by action_id, kind',
    );
    for (const { pairs, last } of ends) expect(Number(pairs)).toBe(last + 1);
  }, 900_000);
});
