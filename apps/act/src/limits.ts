import { builtActionTypes, type HypothesisType } from '@hartonomous/contracts';
import { checkLimits, type LimitCheck } from '@hartonomous/loop';
import type { ActionRow, TenantTransaction } from '@hartonomous/store';
import type { Touched } from './executors/executor.js';

const hourMs = 3_600_000;
const recentMax = 200;

/** Possibly in effect and not verified: the scope is taken. */
const inPlaceStates: ActionRow['state'][] = ['Applying', 'Verifying', 'Reverting', 'FailedToRevert'];

export const scopeOf = (type: HypothesisType): string | null => {
  const scope = builtActionTypes[type]?.scope ?? 'none';
  return scope === 'none' ? null : scope;
};

/** Whether the plan may be scheduled now, by counts of the store. */
export async function checkPlan(
  tx: TenantTransaction,
  action: ActionRow,
  touched: Touched,
  scale: number,
): Promise<LimitCheck> {
  const now = await tx.now();
  const recent = (await tx.actions.list({ limit: recentMax })).filter((a) => a.id !== action.id);
  const since = now.getTime() - hourMs / scale;
  const taken = recent.filter((a) => a.state === 'Scheduled' || inPlaceStates.includes(a.state));
  const scope = scopeOf(action.type);
  return checkLimits(
    {
      ...touched,
      scopes: scope ? [scope] : [],
      statedObjectShare: null,
      approvedByHuman: action.approvedBy.length > 0,
    },
    {
      lockedScopes: new Set(taken.flatMap((a) => scopeOf(a.type) ?? [])),
      actionsLastHour: recent.filter((a) => (a.appliedAt?.getTime() ?? 0) > since).length,
      storageBytesUsed: recent.reduce((sum, a) => sum + storedBytes(a), 0),
      isLowLoadWindow: true,
    },
  );
}

function storedBytes(action: ActionRow): number {
  if (action.state !== 'Kept' && !inPlaceStates.includes(action.state)) return 0;
  const applied = action.progress['applied'] as { sizeBytes?: number } | undefined;
  return applied?.sizeBytes ?? 0;
}

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
