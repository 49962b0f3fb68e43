import type { CycleState } from '@hartonomous/contracts';

export const cycleEventTypes = [
  'requested',
  'observation-recorded',
  'hypotheses-ranked',
  'action-started',
  'action-settled',
  'learned',
  'failed',
] as const;
export type CycleEventType = (typeof cycleEventTypes)[number];

export type CycleIgnoreReason = 'duplicate' | 'already-ended';
/** `too-early` is worth a redelivery; the others are not. */
export type CycleRefusalReason = 'too-early' | 'already-ended' | 'actions-open';

export type CycleCell =
  | { readonly kind: 'to'; readonly state: CycleState }
  /** Sets the actions that must conclude or park. */
  | { readonly kind: 'open' }
  /** Marks one action as concluded or parked. */
  | { readonly kind: 'settle' }
  /** To Learned, when nothing is open. */
  | { readonly kind: 'close' }
  | { readonly kind: 'ignore'; readonly reason: CycleIgnoreReason }
  | { readonly kind: 'refuse'; readonly reason: CycleRefusalReason };

export type CycleTable = Readonly<Record<CycleState, Readonly<Record<CycleEventType, CycleCell>>>>;

const to = (state: CycleState): CycleCell => ({ kind: 'to', state });
const ignore = (reason: CycleIgnoreReason): CycleCell => ({ kind: 'ignore', reason });
const refuse = (reason: CycleRefusalReason): CycleCell => ({ kind: 'refuse', reason });

/** Requested -> Observed -> Decided -> Acting -> Learned | Failed; total, so a missing cell does not compile. */
export const cycleTable: CycleTable = {
  Requested: {
    requested: ignore('duplicate'),
    'observation-recorded': to('Observed'),
    'hypotheses-ranked': refuse('too-early'),
    'action-started': refuse('too-early'),
    'action-settled': refuse('too-early'),
    learned: refuse('too-early'),
    failed: to('Failed'),
  },
  Observed: {
    requested: ignore('duplicate'),
    'observation-recorded': ignore('duplicate'),
    'hypotheses-ranked': { kind: 'open' },
    'action-started': refuse('too-early'),
    'action-settled': refuse('too-early'),
    learned: refuse('too-early'),
    failed: to('Failed'),
  },
  Decided: {
    requested: ignore('duplicate'),
    'observation-recorded': ignore('duplicate'),
    'hypotheses-ranked': ignore('duplicate'),
    'action-started': to('Acting'),
    // An action may be gated or parked before anything is applied.
    'action-settled': { kind: 'settle' },
    learned: { kind: 'close' },
    failed: to('Failed'),
  },
  Acting: {
    requested: ignore('duplicate'),
    'observation-recorded': ignore('duplicate'),
    'hypotheses-ranked': ignore('duplicate'),
    'action-started': ignore('duplicate'),
    'action-settled': { kind: 'settle' },
    learned: { kind: 'close' },
    failed: to('Failed'),
  },
  Learned: {
    requested: ignore('duplicate'),
    'observation-recorded': ignore('duplicate'),
    'hypotheses-ranked': ignore('duplicate'),
    'action-started': ignore('already-ended'),
    // Actions outlive cycles: a parked one concludes here; Learn scores the action, the cycle stays.
    'action-settled': ignore('already-ended'),
    learned: ignore('duplicate'),
    failed: refuse('already-ended'),
  },
  Failed: {
    requested: refuse('already-ended'),
    'observation-recorded': ignore('already-ended'),
    'hypotheses-ranked': ignore('already-ended'),
    'action-started': ignore('already-ended'),
    'action-settled': ignore('already-ended'),
    learned: ignore('already-ended'),
    failed: ignore('duplicate'),
  },
};

export interface CycleSnapshot {
  readonly state: CycleState;
  /** Actions of this cycle that are neither concluded nor parked. */
  readonly openActionIds: readonly string[];
}

export type CycleEvent =
  | { readonly type: 'hypotheses-ranked'; readonly actionIds: readonly string[] }
  | { readonly type: 'action-settled'; readonly actionId: string }
  | { readonly type: Exclude<CycleEventType, 'hypotheses-ranked' | 'action-settled'> };

export type CycleOutcome =
  | { readonly kind: 'moved'; readonly from: CycleState; readonly snapshot: CycleSnapshot }
  | { readonly kind: 'stayed'; readonly snapshot: CycleSnapshot }
  | { readonly kind: 'ignored'; readonly reason: CycleIgnoreReason; readonly snapshot: CycleSnapshot }
  | { readonly kind: 'refused'; readonly reason: CycleRefusalReason; readonly snapshot: CycleSnapshot };

/** One step of a cycle. A Decided cycle without open actions ("nothing worth trying") may be learned at once. */
export function stepCycle(current: CycleSnapshot, event: CycleEvent): CycleOutcome {
  const cell = cycleTable[current.state][event.type];
  const move = (state: CycleState, openActionIds: readonly string[]): CycleOutcome => ({
    kind: 'moved',
    from: current.state,
    snapshot: { state, openActionIds },
  });
  switch (cell.kind) {
    case 'to':
      return move(cell.state, cell.state === 'Failed' ? [] : current.openActionIds);
    case 'open':
      return move('Decided', event.type === 'hypotheses-ranked' ? [...new Set(event.actionIds)] : []);
    case 'settle':
      return settle(current, event.type === 'action-settled' ? event.actionId : '');
    case 'close':
      return current.openActionIds.length > 0
        ? { kind: 'refused', reason: 'actions-open', snapshot: current }
        : move('Learned', []);
    case 'ignore':
      return { kind: 'ignored', reason: cell.reason, snapshot: current };
    case 'refuse':
      return { kind: 'refused', reason: cell.reason, snapshot: current };
  }
}

function settle(current: CycleSnapshot, actionId: string): CycleOutcome {
  if (!current.openActionIds.includes(actionId)) {
    return { kind: 'ignored', reason: 'duplicate', snapshot: current };
  }
  const openActionIds = current.openActionIds.filter((id) => id !== actionId);
  return { kind: 'stayed', snapshot: { state: current.state, openActionIds } };
}

/** True once Learn may close the cycle. */
export const isReadyToLearn = (cycle: CycleSnapshot): boolean =>
  (cycle.state === 'Decided' || cycle.state === 'Acting') && cycle.openActionIds.length === 0;
