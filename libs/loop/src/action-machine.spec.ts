import { actionStates, type ActionState } from '@hartonomous/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  actionEvents,
  actionTable,
  isConcluded,
  isInPlace,
  isSettled,
  settledStates,
  stepAction,
  type ActionEvent,
  type ActionRow,
  type ActionSnapshot,
  type RevertCause,
} from './action-machine.js';

fc.configureGlobal({ seed: Number(process.env['HARTO_SEED'] ?? 20_261_121) || Date.now(), numRuns: 500 });

const start: ActionSnapshot = { state: 'Proposed', revertCause: null };

function run(events: readonly ActionEvent[], from: ActionSnapshot = start): ActionSnapshot {
  return events.reduce((snapshot, event) => stepAction(snapshot, event).snapshot, from);
}

const anySnapshot = fc.record({
  state: fc.constantFrom(...actionStates),
  revertCause: fc.constantFrom<RevertCause | null>(
    'harm',
    'no-benefit',
    'inconclusive',
    'operator',
    'unkeep',
    null,
  ),
});
const anyEvents = fc.array(fc.constantFrom(...actionEvents), { maxLength: 40 });

/** States that some event of `row` leads to, whatever the stored cause. */
function targets(state: ActionState): ActionState[] {
  const causes: (RevertCause | null)[] = ['harm', 'no-benefit', 'inconclusive', 'operator', 'unkeep'];
  const reached = actionEvents.flatMap((event) =>
    causes.map((revertCause) => stepAction({ state, revertCause }, event).snapshot.state),
  );
  return [...new Set(reached)].filter((next) => next !== state);
}

describe('action table', () => {
  it('does not compile with a missing cell', () => {
    const { approve: _approve, ...rest } = actionTable.Proposed;
    // @ts-expect-error a row without `approve` is not an ActionRow
    const row: ActionRow = rest;
    expect(Object.keys(row)).toHaveLength(actionEvents.length - 1);
  });

  it('follows the paths of the specification', () => {
    const toVerifying: ActionEvent[] = ['schedule', 'apply-started', 'applied', 'block-recorded'];
    const ends: [ActionEvent[], ActionState][] = [
      [['gate'], 'Gated'],
      [['require-approval', 'reject'], 'Rejected'],
      [['require-approval', 'expire'], 'Expired'],
      [['require-approval', 'approve', 'apply-started', 'applied', 'verdict-keep'], 'Kept'],
      [[...toVerifying, 'verdict-keep'], 'Kept'],
      [[...toVerifying, 'verdict-keep', 'unkeep-requested', 'reverted'], 'Unkept'],
      [[...toVerifying, 'verdict-harm', 'reverted'], 'RevertedHarm'],
      [[...toVerifying, 'verdict-no-benefit', 'reverted'], 'RevertedNoBenefit'],
      [[...toVerifying, 'verdict-inconclusive', 'reverted'], 'Inconclusive'],
      [[...toVerifying, 'operator-revert', 'reverted'], 'RevertedByOperator'],
      [[...toVerifying, 'verdict-harm', 'revert-failed'], 'FailedToRevert'],
      [[...toVerifying, 'verdict-harm', 'revert-failed', 'operator-revert', 'reverted'], 'RevertedHarm'],
      [['schedule', 'apply-started', 'apply-failed'], 'FailedToApply'],
      [['proposal-accept'], 'ProposalAccepted'],
      [['require-approval', 'proposal-dismiss'], 'ProposalDismissed'],
    ];
    for (const [events, state] of ends) expect(run(events).state).toBe(state);
  });

  it('lets one of two racing approvals win', () => {
    const awaiting = run(['require-approval']);
    const first = stepAction(awaiting, 'approve');
    expect(first.snapshot.state).toBe('Scheduled');
    expect(stepAction(first.snapshot, 'approve')).toMatchObject({
      kind: 'refused',
      reason: 'already-approved',
    });
  });

  it('asks again when the plan went stale, and runs nothing on the old approval', () => {
    const stale = run(['require-approval', 'approve', 'require-approval']);
    expect(stale.state).toBe('AwaitingApproval');
    expect(stepAction(stale, 'apply-started')).toMatchObject({ kind: 'refused', reason: 'not-scheduled' });
  });

  it('reaches every state from Proposed, and can always leave the ones with a change in place', () => {
    const seen = new Set<ActionState>(['Proposed']);
    for (const state of seen) targets(state).forEach((next) => seen.add(next));
    expect([...seen].toSorted()).toEqual([...actionStates].toSorted());
    for (const state of actionStates.filter(isInPlace)) {
      const reachable = new Set<ActionState>([state]);
      for (const at of reachable) targets(at).forEach((next) => reachable.add(next));
      expect([...reachable].some((next) => next.startsWith('Reverted'))).toBe(true);
    }
  });

  it('holds its laws for any sequence of events', () => {
    fc.assert(
      fc.property(anySnapshot, anyEvents, (from, events) => {
        let current = from;
        for (const event of events) {
          const outcome = stepAction(current, event);
          const next = outcome.snapshot;
          if (outcome.kind !== 'moved') expect(next).toEqual(current);
          if (event === 'kill-switch') expect(next.state).toBe(current.state);
          if (isSettled(current.state)) expect(next.state).toBe(current.state);
          if (next.state === 'Applying' && current.state !== 'Applying')
            expect(current.state).toBe('Scheduled');
          if (next.state === 'Kept' && current.state !== 'Kept') {
            expect([current.state, event]).toEqual(['Verifying', 'verdict-keep']);
          }
          if (outcome.kind === 'moved' && next.state === 'Reverting') expect(next.revertCause).not.toBeNull();
          current = next;
        }
      }),
    );
  });

  it('does nothing twice: a repeated event never moves further, but for the operator trying a revert again', () => {
    fc.assert(
      fc.property(anySnapshot, fc.constantFrom(...actionEvents), (from, event) => {
        const once = stepAction(from, event);
        if (once.kind !== 'moved') return;
        expect(stepAction(once.snapshot, event).snapshot).toEqual(once.snapshot);
      }),
    );
  });

  it('names what is settled and what is concluded', () => {
    expect(settledStates).toEqual([
      'Gated',
      'Rejected',
      'Expired',
      'Unkept',
      'RevertedHarm',
      'RevertedNoBenefit',
      'Inconclusive',
      'RevertedByOperator',
      'ProposalAccepted',
      'ProposalDismissed',
    ]);
    const open = actionStates.filter((state) => !isConcluded(state));
    expect(open).toEqual(['Proposed', 'AwaitingApproval', 'Scheduled', 'Applying', 'Verifying', 'Reverting']);
  });
});
