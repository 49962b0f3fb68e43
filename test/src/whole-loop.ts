import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { services } from '@hartonomous/contracts';
import {
  pressOn,
  verdictsOfTwoTypes,
  type ActionDetail,
  type ActionDocument,
  type SpanDocument,
} from './loop-documents.js';
import { startSystem, type RunningSystem } from './running-system.js';

export interface WholeLoop {
  title: string;
  /** `<service>.<point>=kill@<n-th hit>`: each fires once, although the process that met it is started again. */
  faults: string[];
  environment?: () => Promise<Record<string, string>>;
  limitMs: number;
}

const corpus = ['libs/store/src', 'libs/loop/src', 'libs/geometry/src', 'libs/numerics/src'];

/**
 * The product as a user starts it, with processes killed in the middle of their hops, until two types of action have
 * a verdict. Oracle: the rows; whatever was killed, each effect is there once and the evidence leads to the verdict.
 */
export function describeWholeLoop({ title, faults, environment, limitMs }: WholeLoop): void {
  describe(title, () => {
    let system: RunningSystem;
    let verdicts: ActionDocument[];
    const itSlow = (name: string, test: () => Promise<void> | void) => it(name, test, 600_000);

    beforeAll(async () => {
      const env = { HARTO_FAULTS: faults.join(','), ...(await environment?.()) };
      system = await startSystem({ corpus, env });
      verdicts = await untilVerdicts(system, limitMs);
    }, limitMs + 1_300_000);
    afterAll(() => system?.remove(), 300_000);

    itSlow('concludes two types of action with pairs, effect and verdict', () => checkVerdicts(verdicts));
    itSlow('was really killed, at every armed point', async () => {
      const kills = () =>
        system.process.lines.filter((line) => line.includes('ended (SIGKILL), starting it again')).length;
      // Learn is told of a verdict after it stands.
      const all = async () => (kills() >= faults.length ? kills() : null);
      await system.until('kill at every point', all, 400_000);
    });
    itSlow('has each effect once: transitions form one chain, evidence no gap and no double', async () => {
      for (const { id } of verdicts) checkOnce(await system.get<ActionDetail>(`/v1/actions/${id}`));
    });
    itSlow('leaves nothing in the dead letters and an audit chain that verifies', async () => {
      expect(await system.get('/v1/dead-letters')).toEqual({ items: [] });
      expect(await system.get('/v1/audit/verification')).toMatchObject({ brokenAt: null });
    });
    itSlow('shows one trace from the noticed request to the verdict, over all five processes', async () => {
      const trace = await system.until(
        'trace over five services',
        () => wholeTrace(system, verdicts),
        400_000,
      );
      const request = trace.find((s) => s.name === 'gateway.search');
      expect(request).toBeDefined();
      expect(trace.find((s) => s.name === 'analyze.observe')?.parentSpanId).toBe(request?.spanId);
    });
    itSlow('ends in order after one interrupt', async () => {
      await system.stop();
      expect(await system.process.exited).toMatchObject({ code: 130 });
      // The lines of two pipes, which have no order across them.
      expect(system.process.lines).toContainEqual(expect.stringMatching(/^stopped in /));
    });
  });
}

function untilVerdicts(system: RunningSystem, limitMs: number): Promise<ActionDocument[]> {
  let asked = performance.now();
  return system.until(
    'verdict of two types, one kept',
    async () => {
      if (performance.now() - asked > 5_000) {
        await pressOn(system);
        asked = performance.now();
      }
      const found = await verdictsOfTwoTypes(system);
      // Real times on a real machine: what a busy one could not decide or keep, it may try again.
      return found?.some((action) => action.verdict === 'Kept') ? found : null;
    },
    limitMs,
  );
}

function checkVerdicts(verdicts: ActionDocument[]): void {
  for (const action of verdicts) expect(action.verdict === 'Inconclusive' || action.pairs > 0).toBe(true);
  const kept = verdicts.filter((a) => a.verdict === 'Kept');
  expect(kept.length).toBeGreaterThan(0);
  for (const { effect } of kept) {
    expect(effect!.estimate).toBeLessThan(1);
    // A keep needs evidence of 20, the interval 40 a side: its upper end may reach past "no change".
    expect(effect!.high).toBeGreaterThanOrEqual(effect!.estimate);
    expect(effect!.low).toBeLessThanOrEqual(effect!.estimate);
  }
}

function checkOnce(action: ActionDetail): void {
  expect(action.inverse).not.toBeNull();
  const steps = action.transitions.toSorted((a, b) => a.seq - b.seq);
  for (let i = 1; i < steps.length; i++) expect(steps[i]!.fromState).toBe(steps[i - 1]!.toState);
  expect(new Set(steps.map((s) => s.toState)).size).toBe(steps.length);
  for (const kind of ['AA', 'AB'] as const) {
    const numbers = action.evidence.filter((row) => row.kind === kind).map((row) => row.pairNo);
    expect(numbers.toSorted((a, b) => a - b)).toEqual(numbers.map((_, i) => i));
  }
}

async function wholeTrace(system: RunningSystem, verdicts: ActionDocument[]): Promise<SpanDocument[] | null> {
  for (const { traceId } of verdicts) {
    if (!traceId) continue;
    const { spans } = await system.get<{ spans: SpanDocument[] }>(`/v1/traces/${traceId}`);
    if (services.every((name) => spans.some((s) => s.service === name))) return spans;
  }
  return null;
}
