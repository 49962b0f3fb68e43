import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { redeemApproval, voteOnApproval, type ApprovalOutcome, type ApprovalRequest } from './approval.js';

fc.configureGlobal({ seed: Number(process.env['HARTO_SEED'] ?? 20_261_121) || Date.now(), numRuns: 500 });
const hour = 3_600_000;
const request: ApprovalRequest = {
  planHash: 'p1',
  actionClass: 'C',
  proposerId: 'service',
  requestedAtMs: 0,
  approverIds: [],
  status: 'open',
};
const yes = (principalId: string, planHash = 'p1') => ({
  principalId,
  planHash,
  decision: 'approve' as const,
});
const grantedOf = (from: ApprovalRequest, ...principals: string[]): ApprovalRequest =>
  principals.reduce(
    (current, principal) => requestOf(voteOnApproval(current, yes(principal), 'p1', 1)),
    from,
  );

function requestOf(outcome: ApprovalOutcome): ApprovalRequest {
  if (outcome.kind === 'refused') throw new Error(outcome.code);
  return outcome.request;
}
const codeOf = (outcome: ApprovalOutcome): string =>
  outcome.kind === 'refused' ? outcome.code : outcome.kind;

describe('approval', () => {
  it('needs another principal than the proposer, and two for class D', () => {
    expect(codeOf(voteOnApproval(request, yes('service'), 'p1', 1))).toBe('own-proposal');
    expect(codeOf(voteOnApproval(request, yes('ann'), 'p1', 1))).toBe('granted');
    const first = voteOnApproval({ ...request, actionClass: 'D' }, yes('ann'), 'p1', 1);
    expect(first.kind).toBe('needs-another');
    expect(codeOf(voteOnApproval(requestOf(first), yes('ann'), 'p1', 1))).toBe('already-approved-by-you');
    expect(codeOf(voteOnApproval(requestOf(first), yes('bob'), 'p1', 1))).toBe('granted');
  });

  it('is bound to the plan: shown, asked for and current must be one', () => {
    expect(codeOf(voteOnApproval(request, yes('ann', 'p0'), 'p1', 1))).toBe('stale-plan');
    expect(codeOf(voteOnApproval(request, yes('ann'), 'p2', 1))).toBe('stale-plan');
    expect(codeOf(redeemApproval(grantedOf(request, 'ann'), 'p2', 1))).toBe('stale-plan');
  });

  it('expires after 24 h of scaled time, before and after it was granted', () => {
    expect(codeOf(voteOnApproval(request, yes('ann'), 'p1', 24 * hour - 1))).toBe('granted');
    expect(codeOf(voteOnApproval(request, yes('ann'), 'p1', 24 * hour))).toBe('expired');
    expect(codeOf(voteOnApproval(request, yes('ann'), 'p1', hour, 60))).toBe('expired');
    expect(codeOf(redeemApproval(grantedOf(request, 'ann'), 'p1', 24 * hour))).toBe('expired');
  });

  it('is used once', () => {
    const granted = grantedOf(request, 'ann');
    const used = redeemApproval(granted, 'p1', 2);
    expect(used.kind).toBe('redeemed');
    expect(codeOf(redeemApproval(requestOf(used), 'p1', 3))).toBe('already-used');
    expect(codeOf(voteOnApproval(requestOf(used), yes('bob'), 'p1', 3))).toBe('already-used');
    expect(codeOf(redeemApproval(request, 'p1', 2))).toBe('not-granted');
  });

  it('is over once rejected, and a stale plan may be rejected too', () => {
    const no = { principalId: 'ann', planHash: 'p0', decision: 'reject' as const };
    const rejected = requestOf(voteOnApproval(request, no, 'p9', 1));
    expect(codeOf(voteOnApproval(rejected, yes('bob'), 'p1', 2))).toBe('already-rejected');
    expect(codeOf(redeemApproval(rejected, 'p1', 2))).toBe('already-rejected');
  });

  it('is never redeemed twice, nor without enough other principals, in any order of events', () => {
    const step = fc.record({
      who: fc.constantFrom('service', 'ann', 'bob', 'cem'),
      what: fc.constantFrom('approve', 'reject', 'redeem'),
      shown: fc.constantFrom('p1', 'p2'),
      current: fc.constantFrom('p1', 'p1', 'p2'),
      atHours: fc.nat({ max: 30 }),
    });
    fc.assert(
      fc.property(fc.constantFrom('C', 'D'), fc.array(step, { maxLength: 20 }), (actionClass, steps) => {
        let current: ApprovalRequest = { ...request, actionClass };
        let redeemed = 0;
        for (const { who, what, shown, current: plan, atHours } of steps) {
          const outcome =
            what === 'redeem'
              ? redeemApproval(current, plan, atHours * hour)
              : voteOnApproval(
                  current,
                  { principalId: who, planHash: shown, decision: what },
                  plan,
                  atHours * hour,
                );
          if (outcome.kind === 'refused') continue;
          if (outcome.kind === 'redeemed') {
            redeemed++;
            expect(plan).toBe('p1');
            expect(atHours).toBeLessThan(24);
          }
          current = outcome.request;
        }
        expect(redeemed).toBeLessThanOrEqual(1);
        if (redeemed === 1) {
          const others = new Set(current.approverIds.filter((id) => id !== 'service'));
          expect(others.size).toBeGreaterThanOrEqual(actionClass === 'D' ? 2 : 1);
        }
      }),
    );
  });
});
