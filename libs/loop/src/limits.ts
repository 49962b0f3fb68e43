export interface LimitSettings {
  readonly actionsPerHourMax: number;
  /** Share of the objects of its kind that one action may touch. */
  readonly objectShareMax: number;
  readonly storageBytesMax: number;
  readonly applySecondsMax: number;
}

export const defaultLimits: LimitSettings = {
  actionsPerHourMax: 12,
  objectShareMax: 0.05,
  storageBytesMax: 2 * 1024 ** 3,
  applySecondsMax: 600,
};

/** What an action is about to touch, counted by its executor from the store. */
export interface PlanScope {
  readonly scopes: readonly string[];
  /** Objects named one by one; a selection by pattern or without a bound is given as 'unbounded'. */
  readonly objects: readonly string[] | 'unbounded';
  readonly objectsOfKind: number;
  /** The plan states a larger share than the limit, and by how much. */
  readonly statedObjectShare: number | null;
  readonly approvedByHuman: boolean;
  readonly storageBytes: number;
  readonly applySeconds: number;
  /** Heavy work waits for the low-load window. */
  readonly heavy: boolean;
}

export interface LoopLoad {
  readonly lockedScopes: ReadonlySet<string>;
  readonly actionsLastHour: number;
  readonly storageBytesUsed: number;
  readonly isLowLoadWindow: boolean;
}

export type LimitCode =
  | 'selection-empty'
  | 'selection-unbounded'
  | 'blast-radius'
  | 'scope-locked'
  | 'actions-per-hour'
  | 'storage-budget'
  | 'time-budget'
  | 'low-load-window';

export type LimitCheck =
  | { readonly within: true }
  /** `wait`: it may pass later; otherwise the plan itself is at fault and is gated. */
  | { readonly within: false; readonly code: LimitCode; readonly reason: string; readonly wait: boolean };

const wildcard = /[*%?]/;

/** The first limit an action would break, or none. Faults of the plan come before what merely has to wait. */
export function checkLimits(
  plan: PlanScope,
  load: LoopLoad,
  settings: LimitSettings = defaultLimits,
): LimitCheck {
  return faultOfPlan(plan, load, settings) ?? waitOf(plan, load, settings) ?? { within: true };
}

function faultOfPlan(plan: PlanScope, load: LoopLoad, settings: LimitSettings): LimitCheck | null {
  const fault = (code: LimitCode, reason: string): LimitCheck => ({
    within: false,
    code,
    reason,
    wait: false,
  });
  if (plan.objects === 'unbounded')
    return fault('selection-unbounded', 'the plan does not name what it touches');
  if (plan.objects.length === 0) return fault('selection-empty', 'the plan touches nothing');
  if (plan.objects.some((name) => name.trim() === '' || wildcard.test(name))) {
    return fault('selection-unbounded', 'the plan selects by an empty name or a pattern');
  }
  const share = plan.objects.length / Math.max(plan.objects.length, plan.objectsOfKind);
  const stated = plan.approvedByHuman ? (plan.statedObjectShare ?? 0) : 0;
  // A single object is the least an action can touch, however few of its kind there are.
  if (plan.objects.length > 1 && share > Math.max(settings.objectShareMax, stated)) {
    const allowed = (100 * Math.max(settings.objectShareMax, stated)).toFixed(0);
    return fault(
      'blast-radius',
      `the plan touches ${(100 * share).toFixed(1)} % of its objects, limit ${allowed} %`,
    );
  }
  if (load.storageBytesUsed + plan.storageBytes > settings.storageBytesMax) {
    return fault(
      'storage-budget',
      `needs ${plan.storageBytes} bytes beyond the budget of ${settings.storageBytesMax}`,
    );
  }
  if (plan.applySeconds > settings.applySecondsMax) {
    return fault('time-budget', `takes ${plan.applySeconds} s to apply, limit ${settings.applySecondsMax} s`);
  }
  return null;
}

function waitOf(plan: PlanScope, load: LoopLoad, settings: LimitSettings): LimitCheck | null {
  const wait = (code: LimitCode, reason: string): LimitCheck => ({ within: false, code, reason, wait: true });
  const scope = plan.scopes.find((name) => load.lockedScopes.has(name));
  if (scope !== undefined) return wait('scope-locked', `${scope} has an action that is not verified yet`);
  if (load.actionsLastHour >= settings.actionsPerHourMax) {
    return wait(
      'actions-per-hour',
      `${load.actionsLastHour} actions in the last hour, limit ${settings.actionsPerHourMax}`,
    );
  }
  if (plan.heavy && !load.isLowLoadWindow)
    return wait('low-load-window', 'heavy work waits for the low-load window');
  return null;
}
