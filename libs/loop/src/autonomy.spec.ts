import { describe, expect, it } from '@jest/globals';
import { autonomyOf, defaultModeOf, type AutonomyRun } from './autonomy.js';

const run = (verdict: AutonomyRun['verdict'], supervised = true, earnsTrust = true): AutonomyRun => ({
  verdict,
  supervised,
  earnsTrust,
});
const clean = (count: number): AutonomyRun[] => Array.from({ length: count }, () => run('RevertedNoBenefit'));
const harm = run('RevertedHarm');

describe('autonomy', () => {
  it('starts with Auto for A and B, Approve for C and D', () => {
    expect((['A', 'B', 'C', 'D'] as const).map(defaultModeOf)).toEqual([
      'Auto',
      'Auto',
      'Approve',
      'Approve',
    ]);
    expect((['A', 'B', 'C', 'D'] as const).map((c) => autonomyOf(c, null, []).mode)).toEqual([
      'Auto',
      'Auto',
      'Approve',
      'Approve',
    ]);
  });

  it('lets an operator hold a type back, but not set a class free before it has earned it', () => {
    expect(autonomyOf('A', 'Observe', []).mode).toBe('Observe');
    expect(autonomyOf('B', 'Approve', clean(500)).mode).toBe('Approve');
    expect(autonomyOf('C', 'Auto', clean(58)).mode).toBe('Approve');
    expect(autonomyOf('D', 'Auto', clean(500)).mode).toBe('Approve');
  });

  it('earns Auto for class C after 59 harmless supervised runs that can earn trust', () => {
    expect(autonomyOf('C', null, clean(58)).progress).toEqual({ runs: 58, needed: 59 });
    expect(autonomyOf('C', null, clean(59)).mode).toBe('Auto');
    expect(autonomyOf('C', null, [...clean(58), run('Kept', false)]).mode).toBe('Approve');
    expect(autonomyOf('C', null, [...clean(58), run('Kept', true, false)]).mode).toBe('Approve');
    expect(autonomyOf('C', null, [...clean(58), run('Gated')]).mode).toBe('Approve');
    expect(autonomyOf('C', null, [...clean(58), harm, ...clean(58)]).mode).toBe('Approve');
  });

  it('loses Auto with the second harm in ten runs, not with two that lie further apart', () => {
    expect(autonomyOf('A', null, [harm]).mode).toBe('Auto');
    expect(autonomyOf('A', null, [harm, ...clean(9), harm]).mode).toBe('Auto');
    expect(autonomyOf('A', null, [harm, ...clean(8), harm]).mode).toBe('Approve');
  });

  it('loses Auto at once with a harm that could not be undone', () => {
    expect(autonomyOf('B', null, [run('FailedToRevert')])).toMatchObject({
      mode: 'Approve',
      progress: { runs: 0, needed: 29 },
    });
  });

  it('wins it back with 29 clean supervised runs', () => {
    const lost = [harm, harm];
    expect(autonomyOf('A', null, [...lost, ...clean(28)]).mode).toBe('Approve');
    expect(autonomyOf('A', null, [...lost, ...clean(29)]).mode).toBe('Auto');
    expect(autonomyOf('A', null, [...lost, ...clean(28), harm, ...clean(28)]).mode).toBe('Approve');
    // The harms from before do not count against the trust that was won anew.
    expect(autonomyOf('A', null, [...lost, ...clean(29), harm]).mode).toBe('Auto');
  });
});
