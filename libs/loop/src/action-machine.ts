import { actionStates, type ActionState, type Verdict } from '@hartonomous/contracts';

/** What can happen to an action. Past-tense facts from executors, commands from people, verdicts from the rule. */
export const actionEvents = [
  'gate',
  'require-approval',
  'approve',
  'reject',
  'expire',
  'schedule',
  'apply-started',
  'applied',
  'apply-failed',
  'block-recorded',
  'verdict-harm',
  'verdict-no-benefit',
  'verdict-keep',
  'verdict-inconclusive',
  'reverted',
  'revert-failed',
  'operator-revert',
  'unkeep-requested',
  'proposal-accept',
  'proposal-dismiss',
  'kill-switch',
] as const;
export type ActionEvent = (typeof actionEvents)[number];

/** Why an action is being undone; decides the state that `reverted` leads to. */
export const revertCauses = ['harm', 'no-benefit', 'inconclusive', 'operator', 'unkeep'] as const;
export type RevertCause = (typeof revertCauses)[number];

/** Duplicates and stragglers: acknowledged, nothing changes. */
export type IgnoreReason =
  | 'duplicate'
  | 'frozen'
  | 'settled'
  | 'late-block'
  | 'already-applied'
  | 'already-reverting'
  | 'already-kept';

/** The sender is wrong, or came too early or too late, and must hear so. */
export type RefusalReason =
  | 'settled'
  | 'not-awaiting-approval'
  | 'not-scheduled'
  | 'not-applying'
  | 'not-applied'
  | 'not-verifying'
  | 'not-reverting'
  | 'not-kept'
  | 'not-a-proposal'
  | 'already-approved'
  | 'already-applied'
  | 'already-reverting'
  | 'needs-operator';

export type ActionCell =
  | { readonly kind: 'to'; readonly state: ActionState }
  /** To Reverting; `cause` 'same' keeps the cause of the failed revert that is tried again. */
  | { readonly kind: 'revert'; readonly cause: RevertCause | 'same' }
  /** The inverse has run: the state that the stored cause names. */
  | { readonly kind: 'undone' }
  | { readonly kind: 'stay' }
  | { readonly kind: 'ignore'; readonly reason: IgnoreReason }
  | { readonly kind: 'refuse'; readonly reason: RefusalReason };

export type ActionRow = Readonly<Record<ActionEvent, ActionCell>>;
export type ActionTable = Readonly<Record<ActionState, ActionRow>>;

const to = (state: ActionState): ActionCell => ({ kind: 'to', state });
const revert = (cause: RevertCause | 'same'): ActionCell => ({ kind: 'revert', cause });
const ignore = (reason: IgnoreReason): ActionCell => ({ kind: 'ignore', reason });
const refuse = (reason: RefusalReason): ActionCell => ({ kind: 'refuse', reason });
const undone: ActionCell = { kind: 'undone' };
const stay: ActionCell = { kind: 'stay' };

/** Nothing moves a settled action: stragglers are ignored, people are told. */
const settled: ActionRow = {
  gate: ignore('settled'),
  'require-approval': ignore('settled'),
  approve: refuse('settled'),
  reject: refuse('settled'),
  expire: ignore('settled'),
  schedule: ignore('settled'),
  'apply-started': refuse('settled'),
  applied: refuse('settled'),
  'apply-failed': ignore('settled'),
  'block-recorded': ignore('late-block'),
  'verdict-harm': ignore('settled'),
  'verdict-no-benefit': ignore('settled'),
  'verdict-keep': ignore('settled'),
  'verdict-inconclusive': ignore('settled'),
  reverted: ignore('duplicate'),
  'revert-failed': ignore('settled'),
  'operator-revert': refuse('settled'),
  'unkeep-requested': ignore('settled'),
  'proposal-accept': refuse('settled'),
  'proposal-dismiss': refuse('settled'),
  'kill-switch': ignore('settled'),
};

/** States x events -> outcome, total: a missing cell does not compile. */
export const actionTable: ActionTable = {
  Proposed: {
    gate: to('Gated'),
    'require-approval': to('AwaitingApproval'),
    approve: refuse('not-awaiting-approval'),
    reject: to('Rejected'),
    expire: to('Expired'),
    schedule: to('Scheduled'),
    'apply-started': refuse('not-scheduled'),
    applied: refuse('not-applying'),
    'apply-failed': refuse('not-applying'),
    'block-recorded': refuse('not-verifying'),
    'verdict-harm': refuse('not-applied'),
    'verdict-no-benefit': refuse('not-applied'),
    'verdict-keep': refuse('not-applied'),
    'verdict-inconclusive': refuse('not-applied'),
    reverted: refuse('not-reverting'),
    'revert-failed': refuse('not-reverting'),
    'operator-revert': refuse('not-applied'),
    'unkeep-requested': refuse('not-kept'),
    'proposal-accept': to('ProposalAccepted'),
    'proposal-dismiss': to('ProposalDismissed'),
    'kill-switch': ignore('frozen'),
  },
  Gated: settled,
  AwaitingApproval: {
    gate: to('Gated'),
    'require-approval': ignore('duplicate'),
    approve: to('Scheduled'),
    reject: to('Rejected'),
    expire: to('Expired'),
    schedule: refuse('not-scheduled'),
    'apply-started': refuse('not-scheduled'),
    applied: refuse('not-applying'),
    'apply-failed': refuse('not-applying'),
    'block-recorded': refuse('not-verifying'),
    'verdict-harm': refuse('not-applied'),
    'verdict-no-benefit': refuse('not-applied'),
    'verdict-keep': refuse('not-applied'),
    'verdict-inconclusive': refuse('not-applied'),
    reverted: refuse('not-reverting'),
    'revert-failed': refuse('not-reverting'),
    'operator-revert': refuse('not-applied'),
    'unkeep-requested': refuse('not-kept'),
    'proposal-accept': to('ProposalAccepted'),
    'proposal-dismiss': to('ProposalDismissed'),
    'kill-switch': ignore('frozen'),
  },
  Rejected: settled,
  Expired: settled,
  Scheduled: {
    gate: to('Gated'),
    // The plan went stale between approval and apply: asked again.
    'require-approval': to('AwaitingApproval'),
    approve: refuse('already-approved'),
    reject: to('Rejected'),
    expire: to('Expired'),
    schedule: ignore('duplicate'),
    'apply-started': to('Applying'),
    applied: refuse('not-applying'),
    'apply-failed': refuse('not-applying'),
    'block-recorded': refuse('not-verifying'),
    'verdict-harm': refuse('not-applied'),
    'verdict-no-benefit': refuse('not-applied'),
    'verdict-keep': refuse('not-applied'),
    'verdict-inconclusive': refuse('not-applied'),
    reverted: refuse('not-reverting'),
    'revert-failed': refuse('not-reverting'),
    'operator-revert': refuse('not-applied'),
    'unkeep-requested': refuse('not-kept'),
    'proposal-accept': refuse('not-a-proposal'),
    'proposal-dismiss': refuse('not-a-proposal'),
    'kill-switch': ignore('frozen'),
  },
  Applying: {
    gate: ignore('already-applied'),
    'require-approval': ignore('already-applied'),
    approve: refuse('already-approved'),
    reject: refuse('already-applied'),
    expire: ignore('already-applied'),
    schedule: ignore('duplicate'),
    'apply-started': ignore('duplicate'),
    applied: to('Verifying'),
    'apply-failed': to('FailedToApply'),
    'block-recorded': refuse('not-verifying'),
    // Guardrails run in every state: a half-applied change is undone by its stored inverse.
    'verdict-harm': revert('harm'),
    'verdict-no-benefit': refuse('not-verifying'),
    'verdict-keep': refuse('not-verifying'),
    'verdict-inconclusive': revert('inconclusive'),
    reverted: refuse('not-reverting'),
    'revert-failed': refuse('not-reverting'),
    'operator-revert': revert('operator'),
    'unkeep-requested': refuse('not-kept'),
    'proposal-accept': refuse('not-a-proposal'),
    'proposal-dismiss': refuse('not-a-proposal'),
    'kill-switch': ignore('frozen'),
  },
  Verifying: {
    gate: ignore('already-applied'),
    'require-approval': ignore('already-applied'),
    approve: refuse('already-applied'),
    reject: refuse('already-applied'),
    expire: ignore('already-applied'),
    schedule: ignore('already-applied'),
    'apply-started': ignore('duplicate'),
    applied: ignore('duplicate'),
    'apply-failed': refuse('already-applied'),
    'block-recorded': stay,
    'verdict-harm': revert('harm'),
    'verdict-no-benefit': revert('no-benefit'),
    'verdict-keep': to('Kept'),
    'verdict-inconclusive': revert('inconclusive'),
    reverted: refuse('not-reverting'),
    'revert-failed': refuse('not-reverting'),
    'operator-revert': revert('operator'),
    'unkeep-requested': refuse('not-kept'),
    'proposal-accept': refuse('not-a-proposal'),
    'proposal-dismiss': refuse('not-a-proposal'),
    'kill-switch': ignore('frozen'),
  },
  Kept: {
    gate: ignore('already-kept'),
    'require-approval': ignore('already-kept'),
    approve: refuse('already-applied'),
    reject: refuse('already-applied'),
    expire: ignore('already-kept'),
    schedule: ignore('already-kept'),
    'apply-started': ignore('duplicate'),
    applied: ignore('duplicate'),
    'apply-failed': refuse('already-applied'),
    'block-recorded': ignore('late-block'),
    'verdict-harm': revert('harm'),
    // A straggler of the first measurement; decay of a kept gain comes as unkeep-requested.
    'verdict-no-benefit': ignore('already-kept'),
    'verdict-keep': ignore('duplicate'),
    'verdict-inconclusive': ignore('already-kept'),
    reverted: refuse('not-reverting'),
    'revert-failed': refuse('not-reverting'),
    'operator-revert': revert('operator'),
    'unkeep-requested': revert('unkeep'),
    'proposal-accept': refuse('not-a-proposal'),
    'proposal-dismiss': refuse('not-a-proposal'),
    'kill-switch': ignore('frozen'),
  },
  Unkept: settled,
  Reverting: {
    gate: ignore('already-reverting'),
    'require-approval': ignore('already-reverting'),
    approve: refuse('already-reverting'),
    reject: refuse('already-reverting'),
    expire: ignore('already-reverting'),
    schedule: ignore('already-reverting'),
    'apply-started': refuse('already-reverting'),
    applied: ignore('already-reverting'),
    'apply-failed': ignore('already-reverting'),
    'block-recorded': ignore('late-block'),
    'verdict-harm': ignore('already-reverting'),
    'verdict-no-benefit': ignore('already-reverting'),
    'verdict-keep': ignore('already-reverting'),
    'verdict-inconclusive': ignore('already-reverting'),
    reverted: undone,
    'revert-failed': to('FailedToRevert'),
    'operator-revert': ignore('already-reverting'),
    'unkeep-requested': ignore('already-reverting'),
    'proposal-accept': refuse('not-a-proposal'),
    'proposal-dismiss': refuse('not-a-proposal'),
    'kill-switch': ignore('frozen'),
  },
  RevertedHarm: settled,
  RevertedNoBenefit: settled,
  Inconclusive: settled,
  RevertedByOperator: settled,
  FailedToApply: {
    ...settled,
    'apply-failed': ignore('duplicate'),
    // The inverse is stored and idempotent, so an operator may run it over whatever was left behind.
    'operator-revert': revert('operator'),
  },
  FailedToRevert: {
    ...settled,
    'revert-failed': ignore('duplicate'),
    'operator-revert': revert('same'),
    // Found undone after all (by its effect key, or by hand).
    reverted: undone,
    'verdict-harm': refuse('needs-operator'),
    'unkeep-requested': refuse('needs-operator'),
    'kill-switch': ignore('frozen'),
  },
  ProposalAccepted: settled,
  ProposalDismissed: settled,
};

export interface ActionSnapshot {
  readonly state: ActionState;
  /** Set while and after the action is undone, else null. */
  readonly revertCause: RevertCause | null;
}

export type ActionOutcome =
  | { readonly kind: 'moved'; readonly from: ActionState; readonly snapshot: ActionSnapshot }
  | { readonly kind: 'stayed'; readonly snapshot: ActionSnapshot }
  | { readonly kind: 'ignored'; readonly reason: IgnoreReason; readonly snapshot: ActionSnapshot }
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly snapshot: ActionSnapshot };

const undoneState: Readonly<Record<RevertCause, ActionState & Verdict>> = {
  harm: 'RevertedHarm',
  'no-benefit': 'RevertedNoBenefit',
  inconclusive: 'Inconclusive',
  operator: 'RevertedByOperator',
  unkeep: 'Unkept',
};

/** The state that a finished revert of this cause leads to. */
export const revertedStateOf = (cause: RevertCause): ActionState & Verdict => undoneState[cause];

/** One step of the table. Pure: the caller writes `snapshot` conditionally on the version it read. */
export function stepAction(current: ActionSnapshot, event: ActionEvent): ActionOutcome {
  const cell = actionTable[current.state][event];
  switch (cell.kind) {
    case 'to':
      return moved(current, { state: cell.state, revertCause: current.revertCause });
    case 'revert':
      return moved(current, {
        state: 'Reverting',
        revertCause: cell.cause === 'same' ? (current.revertCause ?? 'operator') : cell.cause,
      });
    case 'undone': {
      // A Reverting row without a cause can only come from a foreign writer: the operator's name is the safe one.
      const cause = current.revertCause ?? 'operator';
      return moved(current, { state: undoneState[cause], revertCause: cause });
    }
    case 'stay':
      return { kind: 'stayed', snapshot: current };
    case 'ignore':
      return { kind: 'ignored', reason: cell.reason, snapshot: current };
    case 'refuse':
      return { kind: 'refused', reason: cell.reason, snapshot: current };
  }
}

function moved(current: ActionSnapshot, snapshot: ActionSnapshot): ActionOutcome {
  return { kind: 'moved', from: current.state, snapshot };
}

/** Nothing can move it any more. */
export const isSettled = (state: ActionState): boolean =>
  actionEvents.every((event) => {
    const kind = actionTable[state][event].kind;
    return kind === 'ignore' || kind === 'refuse';
  });

export const settledStates: readonly ActionState[] = actionStates.filter(isSettled);

/** Has a verdict to learn from. A kept or failed action is concluded, yet an operator or Learn may still undo it. */
export const isConcluded = (state: ActionState): boolean =>
  isSettled(state) || state === 'Kept' || state === 'FailedToApply' || state === 'FailedToRevert';

/** Unverified and possibly in effect: its scope is locked and its guardrails run. */
export const isInPlace = (state: ActionState): boolean =>
  state === 'Applying' || state === 'Verifying' || state === 'Reverting' || state === 'FailedToRevert';
