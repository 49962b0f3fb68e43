import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { codeOf } from '@hartonomous/contracts';
import { hookTimeoutMs, type ContractStore } from '../../contract/fixture.js';
import { sweepCases } from '../../contract/sweep-cases.js';
import type { SweepIds } from '../../contract/sweep-ids.js';
import { own } from '../../contract/tenant-sweep.js';
import { execution, mssqlFixture } from './mssql-fixture.js';
import { recordStatements } from './recording/record.js';
import { saveRecording } from './recording/registry.js';
import { systemCases } from './recording/system-cases.js';

const serverUrl = process.env['MSSQL_URL'];

/** What a method may answer to these calls besides a value. */
const refusals = new Set(['NOT_FOUND', 'STATE_CONFLICT', 'INPUT_INVALID']);

describe('every method of the port on SQL Server', () => {
  if (!serverUrl) return void it.skip('SKIPPED: every method, MSSQL_URL names no server', () => {});
  let c: ContractStore;
  let owned: SweepIds;
  beforeAll(async () => {
    c = await mssqlFixture(serverUrl).open();
    owned = await c.store.withTenant(c.tenantId, own);
  }, hookTimeoutMs);
  afterAll(async () => {
    await c?.close();
    await saveRecording(await recordStatements(), execution);
  }, hookTimeoutMs);

  async function faults(calls: Record<string, () => Promise<unknown>>): Promise<string[]> {
    const found: string[] = [];
    for (const [name, call] of Object.entries(calls)) {
      await call().catch((error: Error) => {
        if (!refusals.has(codeOf(error))) found.push(`${name}: ${error.message.slice(0, 200)}`);
      });
    }
    return found;
  }

  const bound = <A>(cases: Record<string, A>, run: (each: A) => Promise<unknown>) =>
    Object.fromEntries(Object.entries(cases).map(([name, each]) => [name, () => run(each)]));

  it("runs with a tenant's own ids, and with ids of nobody", async () => {
    const nobodys = Object.fromEntries(
      Object.keys(owned).map((key) => [key, key === 'inputHash' ? 'e'.repeat(64) : c.otherTenantId]),
    ) as unknown as SweepIds;
    for (const ids of [owned, nobodys]) {
      const calls = bound(sweepCases, (each) => c.store.withTenant(c.tenantId, (tx) => each(tx, ids)));
      expect(await faults(calls)).toEqual([]);
    }
  }, 600_000);

  it('runs for the plumbing', async () => {
    const calls = bound(systemCases, (each) => c.store.withSystem('test', each));
    expect(await faults(calls)).toEqual([]);
  }, 300_000);
});
