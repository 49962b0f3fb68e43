import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import type { Envelope } from '@hartonomous/contracts';
import { currentTrace, startTelemetry, withSpan } from '@hartonomous/telemetry';
import type { SpanRef, Telemetry } from '@hartonomous/telemetry';
import { handleOnce } from '../handle-once.js';
import { publish } from '../publish.js';
import { defaultQueueSettings } from '../queues.js';
import { controllerFor } from '../testing/index.js';
import { openRig, startService, until } from './rig.js';
import type { Rig } from './rig.js';

describe('one trace over a hop', () => {
  let rig: Rig;
  let telemetry: Telemetry;

  beforeAll(async () => {
    rig = await openRig('postgres');
    telemetry = await startTelemetry({ service: 'test', instance: 'i', store: rig.store });
  });
  afterAll(async () => {
    await telemetry.shutdown();
    await rig.close();
  });

  it('continues from the span that wrote the message to the handler and to what it writes', async () => {
    const { id: cycleId } = await rig.cycle();
    let inside: SpanRef | null = null;
    const controller = controllerFor('loop.observation.recorded', (message: Envelope) =>
      handleOnce({ store: rig.store, service: 'hypothesize' }, message, async (tx) => {
        inside = currentTrace();
        const refs = { cycleId, hypothesisIds: [] };
        await tx.outbox.add({ id: newId(), name: 'loop.hypotheses.ranked', epoch: 1, refs });
      }),
    );
    // Nothing is killed here: a machine that stalls must not deliver a second time, which has a span of its own.
    const settings = defaultQueueSettings;
    const service = await startService(rig, 'hypothesize', controller, { settings });
    try {
      const outside = await withSpan('test.outside', {}, async () => {
        const refs = { cycleId, observationId: newId() };
        await rig.store.withTenant(rig.tenantId, (tx) =>
          publish(tx, { name: 'loop.observation.recorded', epoch: 0, refs }),
        );
        return currentTrace() as SpanRef;
      });
      await until(() => inside !== null);
      expect(inside).toMatchObject({ traceId: outside.traceId });
      const queue = service.queues.of('act');
      await until(async () => (await queue.getJobCounts('waiting')).waiting === 1);
      const [next] = await queue.getJobs(['waiting']);
      expect((next?.data as Envelope | undefined)?.trace?.['traceparent']).toBe(
        `00-${outside.traceId}-${(inside as unknown as SpanRef).spanId}-01`,
      );
      await until(async () => {
        await telemetry.flush();
        const spans = await rig.store.withSystem('test', (tx) => tx.spans.byTrace(outside.traceId));
        return spans.length === 2 && spans.every((span) => span.durationMs !== null);
      });
      const spans = await rig.store.withSystem('test', (tx) => tx.spans.byTrace(outside.traceId));
      const hop = spans.find((span) => span.name === 'loop.observation.recorded');
      expect(hop).toMatchObject({
        parentSpanId: outside.spanId,
        kind: 'consumer',
        status: 'ok',
        tenantId: rig.tenantId,
      });
      expect(hop?.attributes).toMatchObject({ 'hartonomous.cycle.id': cycleId, 'messaging.attempt': 1 });
    } finally {
      await service.stop();
    }
  });
});
