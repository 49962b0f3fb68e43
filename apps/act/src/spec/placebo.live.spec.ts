import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ActionState } from '@hartonomous/contracts';
import { candidateOf, ingestParagraphs, pump, started, startRig, type Rig } from './rig.js';
import { recordRequests } from './recorded-requests.js';

/** A run in portions: HARTO_PLACEBOS for this portion, HARTO_PLACEBO_LOG keeps one state a line over all of them. */
const portion = Number(process.env['HARTO_PLACEBOS'] ?? 200);
const log = process.env['HARTO_PLACEBO_LOG'];
/** The portion ends in time for a machine that is shared; what is under way is finished. */
const portionMs = Number(process.env['HARTO_PLACEBO_MINUTES'] ?? 180) * 60_000;
const shareMax = 0.01;

let rig: Rig;
let tenantId: string;
beforeAll(async () => {
  rig = await startRig();
  tenantId = await rig.tenant();
  const queries = await ingestParagraphs(rig, tenantId, 16);
  await recordRequests(rig, tenantId, queries);
}, 120_000);
afterAll(() => rig?.close());

/** States of earlier portions, one a line. */
const earlier = (): ActionState[] =>
  log && existsSync(log)
    ? readFileSync(log, 'utf8')
        .split('\n')
        .flatMap((line) => (line ? [line.split(' ')[0] as ActionState] : []))
    : [];

/** One placebo through the whole machinery: real store, real replays, the rule as it is. */
async function placebo(): Promise<{ state: ActionState; pairs: number }> {
  await rig.store.withTenant(tenantId, async (tx) => {
    const [cycle] = await tx.cycles.latest(1);
    if (cycle?.state === 'Acting') await tx.cycles.advance(cycle.id, cycle.epoch, 'Acting', 'Learned');
    // Supervised or not is no question here: trust that earlier placebos lost must not stop the count.
    await tx.settings.set('mode.Placebo', 'Auto', 'test');
  });
  const [action] = await started(rig, tenantId, [candidateOf('Placebo')]);
  return pump(rig, tenantId, action!.id, 240_000);
}

describe('placebos', () => {
  it(
    `are kept in at most 1 % of the live runs (this portion: ${portion})`,
    async () => {
      const states = earlier();
      const until = performance.now() + portionMs;
      for (let run = 0; run < portion && performance.now() < until; run++) {
        const { state, pairs } = await placebo();
        states.push(state);
        if (log) appendFileSync(log, `${state} ${pairs}\n`);
      }
      const share = (state: ActionState): number => states.filter((s) => s === state).length / states.length;
      const counts = Object.fromEntries([...new Set(states)].map((s) => [s, share(s) * states.length]));
      console.log(JSON.stringify({ runs: states.length, ...counts }));
      // Of fewer runs than 100, the share of one is above the bound: then one is allowed.
      const allowed = Math.max(shareMax, 1 / states.length);
      expect(share('Kept')).toBeLessThanOrEqual(allowed);
      expect(share('RevertedHarm')).toBeLessThanOrEqual(allowed);
      expect(share('AwaitingApproval')).toBe(0);
    },
    portionMs + 600_000,
  );
});
