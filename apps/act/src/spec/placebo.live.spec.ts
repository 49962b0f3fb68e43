import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import { inputHashOf } from '@hartonomous/retrieval';
import { candidateOf, ingestParagraphs, pump, started, startRig, type Rig } from './rig.js';

const runs = 200;
const keptShareMax = 0.01;

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ scale: 3_600 });
}, 60_000);
afterAll(() => rig?.close());

describe('placebos', () => {
  it(`are kept in at most 1 % of ${runs} live runs`, async () => {
    const tenantId = await rig.tenant();
    const queries = await ingestParagraphs(rig, tenantId, 16);
    await rig.store.withTenant(tenantId, async (tx) => {
      const model = await tx.models.ensureNative();
      await tx.requests.record(
        queries.map((query) => ({
          id: newId(),
          modelId: model.id,
          operation: 'search' as const,
          inputHash: inputHashOf({ query, limit: 10 }),
          input: { query, limit: 10 },
          startedAt: new Date(),
          durationMs: 10,
          status: 'ok' as const,
          cacheHit: false,
          actionId: null,
          blockNo: null,
          arm: null,
          sessionId: null,
          traceId: null,
          spanId: null,
          resultCount: 1,
          steps: [],
          point: null,
        })),
      );
    });
    const counts: Record<string, number> = {};
    for (let run = 0; run < runs; run++) {
      await rig.store.withTenant(tenantId, async (tx) => {
        const [cycle] = await tx.cycles.latest(1);
        if (cycle?.state === 'Acting') await tx.cycles.advance(cycle.id, cycle.epoch, 'Acting', 'Learned');
      });
      // Supervised or not is no question here: trust that earlier placebos lost must not stop the count.
      await rig.store.withTenant(tenantId, (tx) => tx.settings.set('mode.Placebo', 'Auto', 'test'));
      const [action] = await started(rig, tenantId, [candidateOf('Placebo')]);
      const ended = await pump(rig, tenantId, action!.id, 240_000);
      counts[ended.state] = (counts[ended.state] ?? 0) + 1;
    }
    console.log(JSON.stringify(counts));
    expect((counts['Kept'] ?? 0) / runs).toBeLessThanOrEqual(keptShareMax);
    expect((counts['RevertedHarm'] ?? 0) / runs).toBeLessThanOrEqual(keptShareMax);
    expect(counts['AwaitingApproval'] ?? 0).toBe(0);
  }, 14_400_000);
});
