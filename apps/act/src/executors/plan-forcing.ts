import { canonicalJson, HartoError, sha256Hex, type SearchRequest } from '@hartonomous/contracts';
import type { ActionRow, Unavailable } from '@hartonomous/store';
import { z } from 'zod';
import { capturedRequests } from '../evidence/captured-requests.js';
import { answering, replayPairs, type InArm } from '../evidence/replay-pairs.js';
import type { Executor, ExecutorDeps } from './executor.js';

const engineId = z.string().regex(/^\d{1,19}$/);
const parametersSchema = z.object({
  operation: z.literal('force-plan'),
  statementId: engineId,
  /** The plan that was quicker, as the engine has measured it. */
  planId: engineId,
});
type Plan = z.infer<typeof parametersSchema>;

const capturedMin = 5;

export const isPlanForcing = (parameters: Record<string, unknown>): boolean =>
  parameters['operation'] === 'force-plan';

function planOf(action: Pick<ActionRow, 'parameters'>): Plan {
  const parsed = parametersSchema.safeParse(action.parameters);
  if (!parsed.success)
    throw new HartoError('INPUT_INVALID', 'plan to force: no statement and plan by number');
  return parsed.data;
}

/** @throws HartoError FEATURE_UNAVAILABLE on an engine that keeps and forces no plans */
async function known<T extends object>(asked: Promise<T | Unavailable>): Promise<T> {
  const found = await asked;
  if ('unavailable' in found) throw new HartoError('FEATURE_UNAVAILABLE', found.unavailable);
  return found;
}

/** Plans that the statement is held to: one or none. What others are held to is not this action's. */
async function heldTo({ store }: ExecutorDeps, { statementId }: Plan): Promise<string[]> {
  const forced = await known(store.maintenance.plans.forced());
  return forced.filter((plan) => plan.queryId === statementId).map((plan) => plan.planId);
}

const hashOf = (held: string[]): string => sha256Hex(canonicalJson(held));

const previousOf = (action: ActionRow): string | null =>
  (action.inverse?.['previous'] as string | null | undefined) ?? null;

/** Holds the statement to a plan, or to none; the engine compiles it anew. */
async function hold({ store }: ExecutorDeps, plan: Plan, planId: string | null): Promise<void> {
  const { plans } = store.maintenance;
  const asked = planId ? plans.force(plan.statementId, planId) : plans.unforce(plan.statementId, plan.planId);
  const { forced } = await known(asked);
  if (forced === (planId !== null)) return;
  throw new HartoError('STORE_CONFLICT', `the engine did not ${planId ? 'take' : 'let go of'} the plan`);
}

/**
 * Holds a statement to its last good plan. No transaction hides a forced plan, so the arms of a replay take turns with
 * it: while the control arm runs, everybody's statement is as it was before.
 */
export const planForcing: Executor = {
  async prepare(deps, _tenantId, { candidate }) {
    const plan = planOf(candidate);
    const held = await heldTo(deps, plan);
    if (held.includes(plan.planId)) {
      throw new HartoError(
        'INPUT_INVALID',
        `statement ${plan.statementId} is held to plan ${plan.planId} already`,
      );
    }
    const [previous = null] = held;
    return {
      inverse: { kind: 'unforce-plan', statementId: plan.statementId, planId: plan.planId, previous },
      snapshotHash: hashOf(held),
      touched: {
        objects: [`statement ${plan.statementId}`],
        objectsOfKind: 1,
        storageBytes: 0,
        applySeconds: 0,
        heavy: false,
      },
    };
  },

  async apply(deps, _tenantId, action) {
    const plan = planOf(action);
    await hold(deps, plan, plan.planId);
    return { forced: plan.planId };
  },

  async collect(deps, tenantId, action, _blockNo, rows) {
    const plan = planOf(action);
    const requests = action.progress['captured'] as SearchRequest[] | undefined;
    if (!requests) return capturedRequests(deps, tenantId, action.id, capturedMin);
    const inArm: InArm = async (arm, work) => {
      await deps.assertRunning();
      await hold(deps, plan, arm === 'treated' ? plan.planId : previousOf(action));
      return { value: await deps.store.withTenant(tenantId, work) };
    };
    const found = await replayPairs(deps, tenantId, action, { requests, inArm, ...answering(deps) }, rows);
    await deps.assertRunning();
    await hold(deps, plan, plan.planId);
    return found;
  },

  remeasurable: () => true,

  async beforeKeep(deps, _tenantId, action) {
    const plan = planOf(action);
    await hold(deps, plan, plan.planId);
  },

  keep: async () => undefined,

  revert: (deps, _tenantId, action) => hold(deps, planOf(action), previousOf(action)),

  stateHash: async (deps, _tenantId, action) => hashOf(await heldTo(deps, planOf(action))),
};
