import { builtActionTypes, type HypothesisType } from '@hartonomous/contracts';
import { checkLimits, type LimitCheck, type LoopLoad } from '@hartonomous/loop';
import type { ActionRow, TenantTransaction } from '@hartonomous/store';
import { z } from 'zod';
import type { ActDeps } from './act-deps.js';
import type { Touched } from './executors/executor.js';
import { loadWindow } from './low-load.js';

const hourMs = 3_600_000;
const recentMax = 200;
const inPlaceMax = 10_000;
const statedShare = z.number().positive().max(1);

/** Possibly in effect and not verified: the scope is taken. */
const inPlaceStates: ActionRow['state'][] = ['Applying', 'Verifying', 'Reverting', 'FailedToRevert'];

export const scopeOf = (type: HypothesisType): string | null => {
  const scope = builtActionTypes[type]?.scope ?? 'none';
  return scope === 'none' ? null : scope;
};

/** What a check found, and what an operator should know of it although it passed. */
export type PlanCheck = LimitCheck & { said?: string };

/** Whether the plan may be scheduled, by counts of the store. */
export async function checkPlan(
  deps: Pick<ActDeps, 'now' | 'scale'>,
  tx: TenantTransaction,
  action: ActionRow,
  touched: Touched,
): Promise<PlanCheck> {
  const recent = await newest(tx, action);
  const taken = recent.filter((a) => a.state === 'Scheduled' || inPlaceStates.includes(a.state));
  return check(deps, tx, action, touched, {
    lockedScopes: new Set(taken.flatMap((a) => scopeOf(a.type) ?? [])),
    actionsLastHour: await appliedLastHour(deps, tx, recent),
  });
}

/**
 * The same once more when the action is about to begin, for what has changed since. `takeScope` is the lock then; and a
 * placebo changes nothing, so it is not held to the number of changes an hour.
 */
export async function checkBegin(
  deps: Pick<ActDeps, 'now' | 'scale'>,
  tx: TenantTransaction,
  action: ActionRow,
): Promise<PlanCheck> {
  const counted = action.type !== 'Placebo';
  const changes = counted ? (await newest(tx, action)).filter((a) => a.type !== 'Placebo') : [];
  return check(deps, tx, action, touchedOf(action), {
    lockedScopes: new Set<string>(),
    actionsLastHour: counted ? await appliedLastHour(deps, tx, changes) : 0,
  });
}

const newest = async (tx: TenantTransaction, action: ActionRow): Promise<ActionRow[]> =>
  (await tx.actions.list({ limit: recentMax })).filter((a) => a.id !== action.id);

async function appliedLastHour(
  { scale }: Pick<ActDeps, 'scale'>,
  tx: TenantTransaction,
  actions: readonly ActionRow[],
): Promise<number> {
  const since = (await tx.now()).getTime() - hourMs / scale;
  return actions.filter((a) => (a.appliedAt?.getTime() ?? 0) > since).length;
}

async function check(
  deps: Pick<ActDeps, 'now'>,
  tx: TenantTransaction,
  action: ActionRow,
  touched: Touched,
  load: Pick<LoopLoad, 'lockedScopes' | 'actionsLastHour'>,
): Promise<PlanCheck> {
  const scope = scopeOf(action.type);
  const window = touched.heavy ? await loadWindow(tx, deps.now()) : null;
  const found = checkLimits(
    {
      ...touched,
      scopes: scope ? [scope] : [],
      statedObjectShare: statedShare.safeParse(action.parameters['objectShare']).data ?? null,
      approvedByHuman: action.approvedBy.length > 0,
    },
    {
      ...load,
      // What needs no place cannot be too much.
      storageBytesUsed: touched.storageBytes > 0 ? await storageUsed(tx, action, deps.now()) : 0,
      isLowLoadWindow: window?.isLow ?? true,
    },
  );
  if (!window) return found;
  if (found.within) return { ...found, said: `heavy: ${window.said}` };
  return found.code === 'low-load-window' ? { ...found, reason: `${found.reason}: ${window.said}` } : found;
}

/** Would a person's approval let the plan pass? It states itself how much more than the usual share it touches. */
export const needsPerson = (found: PlanCheck, action: ActionRow): boolean =>
  !found.within &&
  found.code === 'blast-radius' &&
  action.approvedBy.length === 0 &&
  statedShare.safeParse(action.parameters['objectShare']).success;

/** Bytes of all that is in place, whenever it was kept. */
export async function storageUsed(tx: TenantTransaction, except: ActionRow, now: Date): Promise<number> {
  const inPlace = await tx.actions.list({ states: ['Kept', ...inPlaceStates], limit: inPlaceMax });
  return inPlace.filter((a) => a.id !== except.id).reduce((sum, a) => sum + storedBytes(a, now), 0);
}

/** As built; until that is known, as planned. Answers of a cache are gone once they have expired. */
function storedBytes(action: ActionRow, now: Date): number {
  const applied = action.progress['applied'] as { sizeBytes?: number; storedUntil?: string } | undefined;
  if (applied?.storedUntil && new Date(applied.storedUntil) < now) return 0;
  return applied?.sizeBytes ?? touchedOf(action).storageBytes;
}

/** What the plan touches, as its executor counted it when it was prepared. */
const touchedOf = (action: ActionRow): Touched => ({
  objects: [action.target],
  objectsOfKind: 1,
  storageBytes: 0,
  applySeconds: 0,
  heavy: false,
  ...(action.progress['touched'] as Partial<Touched> | undefined),
});

/**
 * Takes the scope of an action in the caller's transaction, which is to move it to Applying; the id of the action that
 * holds it, or null. The setting's row serves as the lock: a second taker waits for it and then sees the first.
 */
export async function takeScope(tx: TenantTransaction, action: ActionRow): Promise<string | null> {
  const scope = scopeOf(action.type);
  if (!scope) return null;
  await tx.settings.set(`lock.${scope}`, action.id, 'act');
  const inPlace = await tx.actions.list({ states: inPlaceStates, limit: recentMax });
  return inPlace.find((a) => a.id !== action.id && scopeOf(a.type) === scope)?.id ?? null;
}
