import { describe, expect, it } from '@jest/globals';
import { sweepCases } from '../../contract/sweep-cases.js';
import { openTestStore } from '../../testing.js';
import { switchPoliciesOff } from './tenant-layers.js';
import { sweep } from './tenant-states.js';

describe('tenant sweep', () => {
  it('finds no leak among twenty tenants over every method of the port', async () => {
    const t = await openTestStore();
    const began = performance.now();
    const { calls, leaks } = await sweep(t, 20);
    process.stderr.write(`tenant sweep: ${calls} calls in ${Math.round(performance.now() - began)} ms\n`);
    expect(leaks).toEqual([]);
    expect(calls).toBe(20 * Object.keys(sweepCases).length);
    await t.close();
  }, 300_000);

  it('finds none with the policies switched off either: the statements alone keep every method apart', async () => {
    const t = await openTestStore();
    await switchPoliciesOff(t.urls.superuserUrl);
    const { calls, leaks } = await sweep(t, 5);
    process.stderr.write(`tenant sweep without policies: ${calls} calls\n`);
    expect(leaks).toEqual([]);
    await t.close();
  }, 300_000);
});
