import type { ActionClass } from '@hartonomous/contracts';
import { scaledMs } from './cadence.js';

const hourMs = 3_600_000;

export interface ApprovalSettings {
  readonly expiryHours: number;
  /** Approvers besides the proposer, by class; four eyes mean one, class D needs two. */
  readonly approversNeeded: Readonly<Record<ActionClass, number>>;
}

export const defaultApproval: ApprovalSettings = {
  expiryHours: 24,
  approversNeeded: { A: 1, B: 1, C: 1, D: 2 },
};

/** A request for approval, bound to one plan. Plain data; written conditionally on its version. */
export interface ApprovalRequest {
  readonly planHash: string;
  readonly actionClass: ActionClass;
  readonly proposerId: string;
  readonly requestedAtMs: number;
  readonly approverIds: readonly string[];
  readonly status: 'open' | 'granted' | 'rejected' | 'used';
}

export type ApprovalRefusal =
  | 'own-proposal'
  | 'already-approved-by-you'
  | 'stale-plan'
  | 'expired'
  | 'already-granted'
  | 'already-used'
  | 'already-rejected'
  | 'not-granted';

export type ApprovalOutcome =
  | {
      readonly kind: 'granted' | 'needs-another' | 'rejected' | 'redeemed';
      readonly request: ApprovalRequest;
    }
  | { readonly kind: 'refused'; readonly code: ApprovalRefusal; readonly reason: string };

export interface ApprovalVote {
  readonly principalId: string;
  /** Hash of the plan the approver was shown. */
  readonly planHash: string;
  readonly decision: 'approve' | 'reject';
}

export const approvalExpiresAtMs = (
  request: ApprovalRequest,
  timeScale = 1,
  settings: ApprovalSettings = defaultApproval,
): number => request.requestedAtMs + scaledMs(settings.expiryHours * hourMs, timeScale);

/** One principal's decision. The plan's current hash must be the one asked for and the one shown. */
export function voteOnApproval(
  request: ApprovalRequest,
  vote: ApprovalVote,
  currentPlanHash: string,
  nowMs: number,
  timeScale = 1,
  settings: ApprovalSettings = defaultApproval,
): ApprovalOutcome {
  const closed = closedReason(request);
  if (closed) return closed;
  if (nowMs >= approvalExpiresAtMs(request, timeScale, settings)) return expired(settings);
  if (vote.decision === 'reject') return { kind: 'rejected', request: { ...request, status: 'rejected' } };
  if (vote.planHash !== request.planHash || currentPlanHash !== request.planHash) return stale;
  if (vote.principalId === request.proposerId) {
    return refused('own-proposal', 'the proposer of an action cannot approve it');
  }
  if (request.approverIds.includes(vote.principalId)) {
    return refused('already-approved-by-you', 'this principal has approved already; another one is needed');
  }
  const approverIds = [...request.approverIds, vote.principalId];
  if (approverIds.length < settings.approversNeeded[request.actionClass]) {
    return { kind: 'needs-another', request: { ...request, approverIds } };
  }
  return { kind: 'granted', request: { ...request, approverIds, status: 'granted' } };
}

/** Uses a granted approval, once, right before the plan is applied. `stale-plan` means: ask again. */
export function redeemApproval(
  request: ApprovalRequest,
  currentPlanHash: string,
  nowMs: number,
  timeScale = 1,
  settings: ApprovalSettings = defaultApproval,
): ApprovalOutcome {
  if (request.status === 'open') return refused('not-granted', 'the action has not been approved');
  if (request.status === 'rejected') return refused('already-rejected', 'the action was rejected');
  if (request.status === 'used') return refused('already-used', 'an approval is used once');
  if (currentPlanHash !== request.planHash) return stale;
  if (nowMs >= approvalExpiresAtMs(request, timeScale, settings)) return expired(settings);
  return { kind: 'redeemed', request: { ...request, status: 'used' } };
}

function closedReason(request: ApprovalRequest): ApprovalOutcome | null {
  switch (request.status) {
    case 'open':
      return null;
    case 'granted':
      return refused('already-granted', 'the action has been approved already');
    case 'used':
      return refused('already-used', 'an approval is used once');
    case 'rejected':
      return refused('already-rejected', 'the action was rejected');
  }
}

const stale = {
  kind: 'refused',
  code: 'stale-plan',
  reason: 'the plan has changed since approval was asked for: it is asked again',
} as const;

const refused = (code: ApprovalRefusal, reason: string): ApprovalOutcome => ({
  kind: 'refused',
  code,
  reason,
});

const expired = (settings: ApprovalSettings): ApprovalOutcome =>
  refused('expired', `an approval expires ${settings.expiryHours} h after it was asked for`);
