import { describe, expect, it } from '@jest/globals';
import { holdsTarget, toRow } from '../bench/bench-row.js';

describe('bench rows', () => {
  it('compare with the peer, and hold or miss the target', () => {
    expect(
      toRow('geometry', { case: 'knn', ours: 3, unit: 'ms', peer: 'p', peerValue: 4, target: '<=0.77' }),
    ).toEqual({
      bench: 'geometry',
      case: 'knn',
      ours: 3,
      peer: 'p',
      peerValue: 4,
      unit: 'ms',
      ratio: 0.75,
      target: '<=0.77',
      holds: true,
    });
    expect(toRow('b', { case: 'c', ours: 3, unit: 'ms', peer: 'p', peerValue: 2, target: '<=1' }).holds).toBe(
      false,
    );
  });

  it('without a peer hold the value itself; without a target nothing', () => {
    expect(toRow('b', { case: 'c', ours: 900, unit: 'jobs/s', target: '>=800' })).toMatchObject({
      ratio: null,
      holds: true,
    });
    expect(toRow('b', { case: 'c', ours: 900, unit: 'jobs/s' }).holds).toBeNull();
  });

  it('a peer that is missing is a skip with its reason, never a pass', () => {
    const row = toRow('b', {
      case: 'c',
      ours: 1,
      unit: 'ms',
      peer: 'nanoflann',
      target: '<=1',
      skipped: 'no C++ compiler',
    });
    expect(row).toMatchObject({ peerValue: null, ratio: null, holds: null, skipped: 'no C++ compiler' });
  });

  it('a target without a sign is a mistake of the bench', () => {
    expect(() => holdsTarget(1, '0.77')).toThrow(/begins with its sign/);
  });
});
