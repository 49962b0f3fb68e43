import { codeOf, type SearchRequest } from '@hartonomous/contracts';
import { rngOfText, type Arm } from '@hartonomous/loop';
import type {
  ActionRow,
  EvidencePairRow,
  ReplayOptions,
  TenantTransaction,
  Unavailable,
} from '@hartonomous/store';
import type { EvidenceStep, ExecutorDeps } from '../executors/executor.js';

/** Runs `work` on the store as the arm is to see it. */
export type InArm = <T>(
  arm: Arm,
  work: (tx: TenantTransaction) => Promise<T>,
) => Promise<{ value: T } | Unavailable>;

export interface ReplayPlan<R> {
  /** What is drawn from, with replacement. */
  requests: readonly R[];
  inArm: InArm;
  run: (tx: TenantTransaction, request: R) => Promise<unknown>;
}

/** A/A pairs come first: both of their arms are control. */
const aaPairs = 10;
const blockSize = 20;

interface ArmResult {
  durationsMs: number[];
  errors: number;
}

/** Faults that say nothing about the change: the step is handed back, and the message comes again. */
const comesAgain = new Set(['STORE_UNREACHABLE', 'KILL_SWITCH_ON']);

/** Arms that differ in what one rolled-back transaction hides or restores. */
export const rolledBack =
  (deps: ExecutorDeps, tenantId: string, optionsOf: (arm: Arm) => ReplayOptions): InArm =>
  (arm, work) =>
    deps.store.maintenance.replay(tenantId, optionsOf(arm), work);

/** Captured searches, off the hot path. */
export const answering = (deps: ExecutorDeps) => ({
  run: (tx: TenantTransaction, request: SearchRequest) => deps.answer(tx, request),
});

/**
 * Replays requests in pairs of blocks of equal requests; which arm comes first is drawn. Ends the step after
 * `deps.stepMs`.
 */
export async function replayPairs<R>(
  deps: ExecutorDeps,
  tenantId: string,
  action: ActionRow,
  plan: ReplayPlan<R>,
  known: EvidencePairRow[],
): Promise<EvidenceStep> {
  const rows: EvidencePairRow[] = [];
  const startedAt = process.hrtime.bigint();
  let aa = known.filter((r) => r.kind === 'AA').length;
  let ab = known.length - aa;
  // At least one pair, however short a step may be.
  do {
    await deps.assertRunning();
    const kind = aa < aaPairs ? 'AA' : 'AB';
    const row = await replayPair(deps, tenantId, action, plan, kind, kind === 'AA' ? aa : ab);
    if ('unavailable' in row) return { kind: 'unavailable', reason: row.unavailable };
    rows.push(row);
    if (kind === 'AA') aa++;
    else ab++;
  } while (Number(process.hrtime.bigint() - startedAt) / 1e6 < deps.stepMs);
  return { kind: 'pairs', rows, nextInMs: 0 };
}

async function replayPair<R>(
  deps: ExecutorDeps,
  tenantId: string,
  action: ActionRow,
  plan: ReplayPlan<R>,
  kind: 'AA' | 'AB',
  pairNo: number,
): Promise<EvidencePairRow | Unavailable> {
  const draw = rngOfText(`${action.id}|replay|${kind}|${pairNo}`);
  const requests = pick(plan.requests, blockSize, draw);
  const controlFirst = draw() < 0.5;
  const arms: Partial<Record<Arm, ArmResult>> = {};
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

/** A request that fails ends its transaction: it is counted, and the others go on in a new one. */
async function replayArm<R>(
  deps: ExecutorDeps,
  tenantId: string,
  plan: ReplayPlan<R>,
  arm: Arm,
  requests: readonly R[],
): Promise<ArmResult | Unavailable> {
  const durationsMs: number[] = [];
  let done = 0;
  let errors = 0;
  while (done < requests.length) {
    const left = requests.slice(done);
    const before = done;
    try {
      const result = await plan.inArm(arm, async (tx) => {
        done = before;
        durationsMs.length = before - errors;
        // The first request rebuilds the relation cache after the catalogue write; it is not timed.
        await plan.run(tx, left[0]!);
        for (const request of left) {
          deps.signal?.throwIfAborted();
          const from = process.hrtime.bigint();
          await plan.run(tx, request);
          durationsMs.push(Number(process.hrtime.bigint() - from) / 1e6);
          done++;
        }
      });
      if ('unavailable' in result) return result;
    } catch (error) {
      if (comesAgain.has(codeOf(error)) || deps.signal?.aborted) throw error;
      // An engine that answers nothing at all says nothing about the change either.
      await deps.store.withTenant(tenantId, (tx) => tx.now());
      errors++;
      done++;
    }
  }
  return { durationsMs, errors };
}

/** Of the captured requests, those whose plans use one of the watched indexes; the share is the exposure. */
export async function requestsThatUse(
  deps: ExecutorDeps,
  tenantId: string,
  watched: string[],
  requests: SearchRequest[],
): Promise<SearchRequest[] | Unavailable> {
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
