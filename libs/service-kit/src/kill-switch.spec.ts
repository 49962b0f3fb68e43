import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTestStore } from '@hartonomous/store/testing';
import type { TestStore } from '@hartonomous/store/testing';
import { createTestFolder, removeTestFolder } from '@hartonomous/testing';
import pg from 'pg';
import { systemClock } from './clock.js';
import type { Clock } from './clock.js';
import { KillSwitch } from './kill-switch.js';

describe('KillSwitch', () => {
  let test: TestStore;
  let home: string;
  beforeAll(async () => {
    test = await openTestStore();
    home = createTestFolder();
  });
  afterAll(async () => {
    await test.close();
    removeTestFolder(home);
  });

  /** Time of the cache that a test moves; a store that is only slow is waited for. */
  let nowMs = 0;
  const patient: Clock = {
    ...systemClock,
    monotonicMs: () => nowMs,
    sleep: (_, signal) =>
      new Promise((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true })),
  };
  const make = (more: { home?: string; forced?: boolean; clock?: Clock } = {}) =>
    new KillSwitch({ store: test.store, clock: patient, home, forced: false, ...more });
  const row = (on: boolean, reason: string) =>
    test.store.withSystem('test', (tx) => tx.plumbing.setKillSwitch(on, reason, 'tester'));

  it('is off when nothing says otherwise', async () => {
    expect(await make().isOn()).toBe(false);
    await make().assertOff();
  });

  it('follows the row within 250 ms, both ways', async () => {
    const kill = make();
    expect(await kill.isOn()).toBe(false);
    await row(true, 'maintenance');
    nowMs += 250;
    expect(await kill.isOn()).toBe(false);
    nowMs += 1;
    expect(await kill.isOn()).toBe(true);
    await expect(kill.assertOff()).rejects.toMatchObject({
      code: 'KILL_SWITCH_ON',
      message: 'stopped: maintenance',
    });
    expect(await kill.state()).toMatchObject({ by: 'tester', since: expect.any(Date) });
    await row(false, 'done');
    nowMs += 251;
    expect(await kill.isOn()).toBe(false);
  });

  it('asks the store once for many readers', async () => {
    const kill = make();
    const states = await Promise.all(Array.from({ length: 50 }, () => kill.state()));
    expect(new Set(states).size).toBe(1);
  });

  it('is on while the file stands, and when it cannot be looked for', async () => {
    writeFileSync(join(home, 'STOP'), '');
    expect(await make().state()).toMatchObject({ on: true, reason: expect.stringContaining('STOP exists') });
    rmSync(join(home, 'STOP'));
    expect(await make().isOn()).toBe(false);
    // A home that is a file: the look-up fails with ENOTDIR.
    const broken = join(home, 'broken');
    mkdirSync(home, { recursive: true });
    writeFileSync(broken, '');
    expect(await make({ home: broken }).state()).toMatchObject({
      on: true,
      reason: expect.stringContaining('ENOTDIR'),
    });
  });

  it('is on when the environment says so', async () => {
    expect(await make({ forced: true }).state()).toMatchObject({ on: true, reason: 'HARTO_KILL is set' });
  });

  it('is on when the row cannot be read', async () => {
    const superuser = new pg.Client({ connectionString: test.urls.superuserUrl });
    await superuser.connect();
    try {
      await superuser.query('begin; lock table kill_switch in access exclusive mode');
      // The row stays locked until this has answered.
      expect(await make({ clock: systemClock }).state()).toMatchObject({
        on: true,
        reason: 'the kill switch cannot be read',
      });
      await superuser.query('rollback; delete from kill_switch');
      expect(await make().isOn()).toBe(true);
    } finally {
      await superuser.end();
    }
  });
});
