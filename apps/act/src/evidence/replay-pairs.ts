import type { SearchRequest } from '@hartonomous/contracts';
import { rngOfText, type Arm } from '@hartonomous/loop';
import type { ActionRow, EvidencePairRow, TableStatistics } from '@hartonomous/store';
import type { EvidenceStep, ExecutorDeps } from '../executors/executor.js';

export interface ReplayPlan {
  requests: SearchRequest[];
  /** Indexes that one arm hides; empty for a placebo. */
  watched: string[];
  /** The arm without them; the other one is what A/A pairs compare with itself when it is the control. */
  hiddenArm: Arm;
  /** Planner statistics of a table that the arms differ in; both arms restore theirs, so that the write costs both. */
  statistics?: Record<Arm, TableStatistics>;
  aaPairs: number;
  blockSize: number;
}

interface ArmResult {
  durationsMs: number[];
  errors: number;
}

/**
 * Replays captured requests off the hot path, in pairs of blocks of equal requests; which arm comes first is drawn.
 * A/A pairs (both control) come first. Ends the step after `deps.stepMs`.
 */
export async function replayPairs(
  deps: ExecutorDeps,
  tenantId: string,
  action: ActionRow,
  plan: ReplayPlan,
  known: EvidencePairRow[],
): Promise<EvidenceStep> {
  const rows: EvidencePairRow[] = [];
  const startedAt = process.hrtime.bigint();
  let aa = known.filter((r) => r.kind === 'AA').length;
  let ab = known.length - aa;
  // At least one pair, however short a step may be.
  do {
    await deps.assertRunning();
    const kind = aa < plan.aaPairs ? 'AA' : 'AB';
    const row = await replayPair(deps, tenantId, action, plan, kind, kind === 'AA' ? aa : ab);
    if ('unavailable' in row) return { kind: 'unavailable', reason: row.unavailable };
    rows.push(row);
    if (kind === 'AA') aa++;
    else ab++;
  } while (Number(process.hrtime.bigint() - startedAt) / 1e6 < deps.stepMs);
  return { kind: 'pairs', rows, nextInMs: 0 };
}

async function replayPair(
  deps: ExecutorDeps,
  tenantId: string,
  action: ActionRow,
  plan: ReplayPlan,
  kind: 'AA' | 'AB',
  pairNo: number,
): Promise<EvidencePairRow | { unavailable: string }> {
  const draw = rngOfText(`${action.id}|replay|${kind}|${pairNo}`);
  const requests = pick(plan.requests, plan.blockSize, draw);
  const controlFirst = draw() < 0.5;
  const arms: Partial<Record<'control' | 'treated', ArmResult>> = {};
  for (const arm of controlFirst ? (['control', 'treated'] as const) : (['treated', 'control'] as const)) {
    const result = await replayArm(deps, tenantId, plan, kind === 'AA' ? 'control' : arm, requests);
    if ('unavailable' in result) return result;
    arms[arm] = result;
  }
  return {
    actionId: action.id,
    pairNo,
    kind,
    control: arms.control!.durationsMs,
    treated: arms.treated!.durationsMs,
    errorsControl: arms.control!.errors,
    errorsTreated: arms.treated!.errors,
    countControl: requests.length,
    countTreated: requests.length,
    order: controlFirst ? 'control-first' : 'treated-first',
    measuredAt: deps.now(),
  };
}

async function replayArm(
  deps: ExecutorDeps,
  tenantId: string,
  plan: ReplayPlan,
  arm: Arm,
  requests: SearchRequest[],
): Promise<ArmResult | { unavailable: string }> {
  const { watched, hiddenArm, statistics } = plan;
  const options = {
    watched,
    hidden: arm === hiddenArm,
    ...(statistics ? { statistics: statistics[arm] } : {}),
  };
  const result = await deps.store.maintenance.replay(tenantId, options, async (tx) => {
    const durationsMs: number[] = [];
    // The first request rebuilds the relation cache after the catalogue write; it is not timed.
    await deps.answer(tx, requests[0]!);
    for (const request of requests) {
      deps.signal?.throwIfAborted();
      const from = process.hrtime.bigint();
      await deps.answer(tx, request);
      durationsMs.push(Number(process.hrtime.bigint() - from) / 1e6);
    }
    return { durationsMs, errors: 0 };
  });
  return 'unavailable' in result ? result : result.value;
}

/** Of the captured requests, those whose plans use one of the watched indexes; the share is the exposure. */
export async function requestsThatUse(
  deps: ExecutorDeps,
  tenantId: string,
  watched: string[],
  requests: SearchRequest[],
): Promise<SearchRequest[] | { unavailable: string }> {
  const result = await deps.store.maintenance.replay(
    tenantId,
    { watched, hidden: false },
    async (tx, scans) => {
      const using: SearchRequest[] = [];
      let before = total(await scans());
      for (const request of requests) {
        await deps.answer(tx, request);
        const after = total(await scans());
        if (after > before) using.push(request);
        before = after;
      }
      return using;
    },
  );
  return 'unavailable' in result ? result : result.value;
}

const total = (scans: Map<string, number>): number => [...scans.values()].reduce((a, b) => a + b, 0);

/** `count` picks with replacement. */
const pick = <T>(items: readonly T[], count: number, draw: () => number): T[] =>
  Array.from({ length: count }, () => items[Math.floor(draw() * items.length)]!);
