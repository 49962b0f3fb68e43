import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { services } from '@hartonomous/contracts';
import {
  verdictsOfTwoTypes,
  pressOn,
  type ActionDetail,
  type ActionDocument,
  type SpanDocument,
} from './loop-documents.js';
import { startSystem, type RunningSystem } from './running-system.js';

/** One kill of each loop service, at a different point of its hop; each fires once, over restarts too. */
const faults = [
  'analyze.in-tx=kill@1',
  'hypothesize.after-commit=kill@1',
  'act.effect-done=kill@1',
  'act.in-tx=kill@3',
  'learn.in-tx=kill@1',
].join(',');

// Oracle: the rows. Whatever was killed, each effect is there once and the evidence leads to the verdict.
describe('the whole loop, killed once in every service (laws 1 to 4, 6)', () => {
  let system: RunningSystem;
  let verdicts: ActionDocument[];

  beforeAll(async () => {
    system = await startSystem({
      corpus: ['libs/store/src', 'libs/loop/src', 'libs/geometry/src', 'libs/numerics/src'],
      env: { HARTO_FAULTS: faults },
    });
    let asked = performance.now();
    verdicts = await system.until(
      'verdict of two types',
      async () => {
        if (performance.now() - asked > 5_000) {
          await pressOn(system);
          asked = performance.now();
        }
        return verdictsOfTwoTypes(system);
      },
      240_000,
    );
  }, 300_000);

  afterAll(() => system?.remove(), 60_000);

  it('concludes two types of action with pairs, effect and verdict', () => {
    for (const action of verdicts) {
      expect(action.verdict === 'Inconclusive' || action.pairs > 0).toBe(true);
    }
    const kept = verdicts.filter((a) => a.verdict === 'Kept');
    expect(kept.length).toBeGreaterThan(0);
    for (const action of kept) {
      expect(action.effect!.estimate).toBeLessThan(1);
      expect(action.effect!.high).toBeLessThan(1);
      expect(action.effect!.low).toBeLessThanOrEqual(action.effect!.estimate);
    }
  });

  it('was really killed: every loop service was restarted', () => {
    const log = system.process.lines.join('\n');
    for (const name of ['analyze', 'hypothesize', 'act', 'learn'])
      expect(log).toMatch(new RegExp(`^${name} ended .SIGKILL., starting it again`, 'm'));
  });

  it('has each effect once: transitions form one chain, evidence no gap and no double', async () => {
    for (const { id } of verdicts) {
      const action = await system.get<ActionDetail>(`/v1/actions/${id}`);
      expect(action.inverse).not.toBeNull();
      const steps = action.transitions.toSorted((a, b) => a.seq - b.seq);
      for (let i = 1; i < steps.length; i++) expect(steps[i]!.fromState).toBe(steps[i - 1]!.toState);
      expect(new Set(steps.map((s) => s.toState)).size).toBe(steps.length);
      for (const kind of ['AA', 'AB'] as const) {
        const numbers = action.evidence.filter((row) => row.kind === kind).map((row) => row.pairNo);
        expect(numbers.toSorted((a, b) => a - b)).toEqual(numbers.map((_, i) => i));
      }
    }
  });

  it('leaves nothing in the dead letters and an audit chain that verifies', async () => {
    expect(await system.get('/v1/dead-letters')).toEqual({ items: [] });
    expect(await system.get('/v1/audit/verification')).toMatchObject({ brokenAt: null });
  });

  it('shows one trace from the noticed request to the verdict, over all five processes', async () => {
    const learned = await system.until(
      'trace over five services',
      async () => {
        for (const { traceId } of verdicts) {
          if (!traceId) continue;
          const trace = await system.get<{ spans: SpanDocument[] }>(`/v1/traces/${traceId}`);
          if (services.every((name) => trace.spans.some((s) => s.service === name))) return trace;
        }
        return null;
      },
      60_000,
    );
    const request = learned.spans.find((s) => s.name === 'gateway.search');
    expect(request).toBeDefined();
    const observe = learned.spans.find((s) => s.name === 'analyze.observe');
    expect(observe?.parentSpanId).toBe(request?.spanId);
  });

  it('ends in order after one interrupt', async () => {
    await system.stop();
    expect(await system.process.exited).toMatchObject({ code: 130 });
    expect(system.process.lines.at(-1)).toMatch(/^stopped in /);
  });
});
