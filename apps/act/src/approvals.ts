import { sha256Hex } from '@hartonomous/contracts';
import { defaultApproval, scaledMs, type ApprovalRequest } from '@hartonomous/loop';
import type { ActionRow } from '@hartonomous/store';

/** Who proposed what no person asked for. */
const loopItself = 'loop';

/** What an approval is bound to: the plan, and the state of its target when it was shown. */
export const boundPlan = (action: Pick<ActionRow, 'planHash'>, snapshotHash: string | null): string =>
  sha256Hex(`${action.planHash}:${snapshotHash ?? ''}`);

const statusOf = (action: ActionRow): ApprovalRequest['status'] => {
  switch (action.state) {
    case 'AwaitingApproval':
    case 'Expired':
      return 'open';
    case 'Scheduled':
      return 'granted';
    case 'Rejected':
      return 'rejected';
    default:
      return 'used';
  }
};

/** The approval that the row of an action carries. */
export function approvalOf(action: ActionRow, scale: number): ApprovalRequest {
  const expiresAtMs = (action.expiresAt ?? action.createdAt).getTime();
  return {
    planHash: boundPlan(action, action.snapshotHash),
    actionClass: action.actionClass,
    proposerId: String(action.progress['proposedBy'] ?? loopItself),
    requestedAtMs: expiresAtMs - approvalMs(scale),
    approverIds: action.approvedBy,
    status: statusOf(action),
  };
}

/** Milliseconds that a request for approval stands. */
export const approvalMs = (scale: number): number => scaledMs(defaultApproval.expiryHours * 3_600_000, scale);
