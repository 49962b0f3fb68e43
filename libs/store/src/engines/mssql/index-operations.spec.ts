import { describe, expect, it } from '@jest/globals';
import type { ServerTraits } from './features.js';
import { createIndexText } from './index-operations.js';

const definition = { name: 'earned_a_b', table: 'a', columns: ['b', 'c'], include: ['d'] };
const bare = 'create index [earned_a_b] on [a] ([b], [c]) include ([d])';

const traits = (version: string, has: Partial<ServerTraits>): ServerTraits => ({
  version,
  onlineIndexes: false,
  resumableIndexes: false,
  lowPriorityWaits: false,
  missingIndexViews: true,
  usage: true,
  snapshotIsolation: true,
  spatialIndex: false,
  queryStore: false,
  ...has,
});

describe('an index is built', () => {
  it('with locks where the edition knows nothing else', () => {
    expect(createIndexText(definition, traits('16.0', {}), 5_000)).toBe(bare);
  });

  it('online and resumable by 2019, which cannot wait at low priority when it creates one', () => {
    const has = traits('15.0', { onlineIndexes: true, resumableIndexes: true });
    expect(createIndexText(definition, has, 5_000)).toBe(`${bare} with (online = on, resumable = on)`);
  });

  it('behind everybody else by 2022, for the whole minutes of the lock time-out', () => {
    const has = traits('16.0', { onlineIndexes: true, resumableIndexes: true, lowPriorityWaits: true });
    expect(createIndexText(definition, has, 61_000)).toBe(
      `${bare} with (online = on (wait_at_low_priority (max_duration = 2 minutes, abort_after_wait = self)), resumable = on)`,
    );
  });

  it('with nothing but names of this schema', () => {
    expect(() => createIndexText({ ...definition, table: 'a] --' }, traits('16.0', {}), 1)).toThrow(/name/);
  });
});
