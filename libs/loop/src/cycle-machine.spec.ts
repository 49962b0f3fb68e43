import { cycleStates } from '@hartonomous/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  cycleEventTypes,
  cycleTable,
  isReadyToLearn,
  stepCycle,
  type CycleEvent,
  type CycleSnapshot,
} from './cycle-machine.js';

fc.configureGlobal({ seed: Number(process.env['HARTO_SEED'] ?? 20_261_121) || Date.now(), numRuns: 500 });

const start: CycleSnapshot = { state: 'Requested', openActionIds: [] };
const run = (events: readonly CycleEvent[]): CycleSnapshot =>
  events.reduce((cycle, event) => stepCycle(cycle, event).snapshot, start);

const ids = ['a', 'b', 'c'];
const anyEvent: fc.Arbitrary<CycleEvent> = fc.oneof(
  fc.record({ type: fc.constant('hypotheses-ranked' as const), actionIds: fc.subarray(ids) }),
  fc.record({ type: fc.constant('action-settled' as const), actionId: fc.constantFrom(...ids) }),
  fc.record({
    type: fc.constantFrom('requested', 'observation-recorded', 'action-started', 'learned', 'failed'),
  }),
);
const order = new Map(
  ['Requested', 'Observed', 'Decided', 'Acting', 'Learned', 'Failed'].map((s, i) => [s, i]),
);

describe('cycle table', () => {
  it('has a cell for every state and event', () => {
    for (const state of cycleStates) expect(Object.keys(cycleTable[state])).toEqual([...cycleEventTypes]);
  });

  it('goes from Requested to Learned once every action is settled', () => {
    const acting: CycleEvent[] = [
      { type: 'observation-recorded' },
      { type: 'hypotheses-ranked', actionIds: ['a', 'b'] },
      { type: 'action-started' },
      { type: 'action-settled', actionId: 'a' },
    ];
    expect(run(acting)).toEqual({ state: 'Acting', openActionIds: ['b'] });
    expect(stepCycle(run(acting), { type: 'learned' })).toMatchObject({
      kind: 'refused',
      reason: 'actions-open',
    });
    const ended = run([...acting, { type: 'action-settled', actionId: 'b' }, { type: 'learned' }]);
    expect(ended).toEqual({ state: 'Learned', openActionIds: [] });
  });

  it('learns at once from a cycle in which nothing was worth trying', () => {
    const decided = run([{ type: 'observation-recorded' }, { type: 'hypotheses-ranked', actionIds: [] }]);
    expect(isReadyToLearn(decided)).toBe(true);
    expect(stepCycle(decided, { type: 'learned' }).snapshot.state).toBe('Learned');
  });

  it('refuses what comes too early, so that it is delivered again', () => {
    expect(stepCycle(start, { type: 'hypotheses-ranked', actionIds: ['a'] })).toMatchObject({
      kind: 'refused',
      reason: 'too-early',
    });
    expect(stepCycle(start, { type: 'learned' })).toMatchObject({ kind: 'refused', reason: 'too-early' });
  });

  it('reaches the same end when early events are redelivered and late ones repeat, in any order', () => {
    const script: CycleEvent[] = [
      { type: 'observation-recorded' },
      { type: 'hypotheses-ranked', actionIds: ['a', 'b'] },
      { type: 'action-started' },
      { type: 'action-settled', actionId: 'a' },
      { type: 'action-settled', actionId: 'b' },
      { type: 'learned' },
    ];
    const indexes = script.map((_, i) => i);
    const shuffled = fc.shuffledSubarray([...indexes, ...indexes], { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(shuffled, (deliveries) => {
        let cycle = start;
        let waiting = deliveries;
        // Every round delivers what was refused before; the script has six steps, so six rounds end it.
        for (let round = 0; round < 7 && waiting.length > 0; round++) {
          waiting = waiting.filter((i) => {
            const outcome = stepCycle(cycle, script[i]);
            cycle = outcome.snapshot;
            return outcome.kind === 'refused';
          });
        }
        expect(cycle).toEqual({ state: 'Learned', openActionIds: [] });
        expect(waiting).toEqual([]);
      }),
    );
  });

  it('never goes back, and never moves once it ended', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 30 }), (events) => {
        let cycle = start;
        for (const event of events) {
          const next = stepCycle(cycle, event).snapshot;
          expect(order.get(next.state)!).toBeGreaterThanOrEqual(order.get(cycle.state)!);
          if (cycle.state === 'Learned' || cycle.state === 'Failed') expect(next).toEqual(cycle);
          if (next.state === 'Learned') expect(next.openActionIds).toEqual([]);
          cycle = next;
        }
      }),
    );
  });
});
