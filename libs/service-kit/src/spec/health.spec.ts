import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CanaryWatch, openQueues } from '@hartonomous/bus';
import type { Queues } from '@hartonomous/bus';
import { openTestStore } from '@hartonomous/store/testing';
import type { TestStore } from '@hartonomous/store/testing';
import { patientClock } from '@hartonomous/testing';
import { Health } from '../health.js';

let test: TestStore;
let queues: Queues;
let canaries: CanaryWatch;

beforeEach(async () => {
  test = await openTestStore();
  queues = await openQueues({ url: test.urls.queueUrl });
  canaries = new CanaryWatch();
});
afterEach(async () => {
  await queues.close();
  await test.close();
});

/** Canaries come back as long as somebody takes jobs. */
async function serve(name: string, work: () => Promise<void> = async () => {}): Promise<void> {
  const take = async (job: { id?: string; name: string }) => {
    if (job.name === 'service.canary.sent') canaries.land(job.id ?? '');
    else await work();
  };
  const worker = queues.worker(name, take, 1);
  await worker.waitUntilReady();
  worker.run().catch(() => {});
}

const health = (service: 'gateway' | 'learn') =>
  new Health({ queues, canaries, service, clock: patientClock(), canaryMsMax: 100_000 });

/** A job that has waited for two minutes. */
const addOld = (name: 'learn-compute' | 'gateway-compute' | 'act-compute') =>
  queues.of(name).add('old', {}, { timestamp: Date.now() - 120_000, removeOnComplete: true });

describe('readiness', () => {
  it('sees every lane; a stuck lane of another service is named, and is no reason against this one', async () => {
    await Promise.all([serve('gateway'), serve('gateway-compute'), addOld('learn-compute')]);
    const seen = await health('gateway').readiness();
    expect(seen).toMatchObject({ ready: true, reasons: [], stuck: ['learn-compute'] });
    expect(seen.lanes.map(({ queue }) => queue)).toEqual(
      expect.arrayContaining(['analyze-compute', 'act', 'act-compute', 'learn-compute', 'gateway-compute']),
    );
    expect(seen.lanes.find(({ queue }) => queue === 'learn-compute')).toMatchObject({
      waiting: 1,
      active: 0,
    });
  });

  it('is denied for a stuck lane of the own service', async () => {
    await Promise.all([serve('learn'), addOld('learn-compute')]);
    const { ready, reasons, waiting, canaryMs } = await new Health({
      queues,
      canaries,
      service: 'learn',
      // The ages of the queues are waited for; the canary is not.
      clock: patientClock(),
      canaryMsMax: 500,
    }).readiness();
    expect({ ready, canaryMs }).toEqual({ ready: false, canaryMs: null });
    // The canary that nobody took waits too.
    expect(waiting).toBeGreaterThanOrEqual(1);
    expect(reasons).toEqual([
      expect.stringMatching(/^oldest message of learn-compute waits \d+ s$/),
      'no canary back within 500 ms',
    ]);
  });

  it('lets tickets wait while a worker is at one, and not when there is none', async () => {
    await Promise.all([addOld('act-compute'), addOld('act-compute')]);
    await Promise.all([serve('gateway'), serve('gateway-compute')]);
    expect((await health('gateway').readiness()).stuck).toEqual(['act-compute']);
    let end = () => {};
    const working = new Promise<void>((resolve) => (end = resolve));
    let took = () => {};
    const taken = new Promise<void>((resolve) => (took = resolve));
    await serve('act-compute', () => (took(), working));
    await taken;
    const busy = await health('gateway').readiness();
    end();
    expect(busy.stuck).toEqual([]);
    expect(busy.lanes.find(({ queue }) => queue === 'act-compute')).toMatchObject({ waiting: 1, active: 1 });
  });
});
