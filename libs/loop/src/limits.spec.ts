import { describe, expect, it } from '@jest/globals';
import { checkLimits, type LoopLoad, type PlanScope } from './limits.js';

const plan: PlanScope = {
  scopes: ['table atom'],
  objects: ['atom_term'],
  objectsOfKind: 10,
  statedObjectShare: null,
  approvedByHuman: false,
  storageBytes: 1_000,
  applySeconds: 5,
  heavy: false,
};
const load: LoopLoad = {
  lockedScopes: new Set(),
  actionsLastHour: 0,
  storageBytesUsed: 0,
  isLowLoadWindow: false,
};
const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `row ${i}`);

function codeOf(planChanges: Partial<PlanScope>, loadChanges: Partial<LoopLoad> = {}): string {
  const check = checkLimits({ ...plan, ...planChanges }, { ...load, ...loadChanges });
  return check.within ? 'within' : `${check.code}${check.wait ? ' (waits)' : ''}`;
}

describe('limits', () => {
  it('let an ordinary action through', () => {
    expect(codeOf({})).toBe('within');
  });

  it('refuse an empty, unbounded or wildcard selection', () => {
    expect(codeOf({ objects: [] })).toBe('selection-empty');
    expect(codeOf({ objects: 'unbounded' })).toBe('selection-unbounded');
    expect(codeOf({ objects: ['atom_*'] })).toBe('selection-unbounded');
    expect(codeOf({ objects: ['a', ' '] })).toBe('selection-unbounded');
  });

  it('hold an action to 5 % of the objects unless its plan says more and a human approved', () => {
    expect(codeOf({ objects: names(5), objectsOfKind: 100 })).toBe('within');
    const six = { objects: names(6), objectsOfKind: 100 };
    expect(codeOf(six)).toBe('blast-radius');
    expect(codeOf({ ...six, statedObjectShare: 0.6 })).toBe('blast-radius');
    expect(codeOf({ ...six, approvedByHuman: true })).toBe('blast-radius');
    expect(codeOf({ ...six, statedObjectShare: 0.6, approvedByHuman: true })).toBe('within');
    // A count that is behind the list cannot hide its size.
    expect(codeOf({ objects: names(6), objectsOfKind: 0 })).toBe('blast-radius');
  });

  it('hold the budgets', () => {
    expect(codeOf({ storageBytes: 3 * 1024 ** 3 })).toBe('storage-budget');
    expect(codeOf({}, { storageBytesUsed: 2 * 1024 ** 3 })).toBe('storage-budget');
    expect(codeOf({ applySeconds: 601 })).toBe('time-budget');
  });

  it('make an action wait for its scope, the hour and the low-load window', () => {
    expect(codeOf({}, { lockedScopes: new Set(['table atom']) })).toBe('scope-locked (waits)');
    expect(codeOf({}, { actionsLastHour: 12 })).toBe('actions-per-hour (waits)');
    expect(codeOf({ heavy: true })).toBe('low-load-window (waits)');
    expect(codeOf({ heavy: true }, { isLowLoadWindow: true })).toBe('within');
    expect(codeOf({ objects: [] }, { actionsLastHour: 12 })).toBe('selection-empty');
  });
});
