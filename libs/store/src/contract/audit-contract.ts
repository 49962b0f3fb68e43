import { describe, expect, it } from '@jest/globals';
import { contractStore, type Contract, type EngineFixture } from './fixture.js';

const entries = 6;

export function auditContract(fixture: EngineFixture): void {
  describe('audit chain', () => {
    const c = contractStore(fixture);
    appendLaws(c);
    tamperLaws(c);
  });
}

function calls(c: Contract) {
  const append = (tenantId: string, what: string) =>
    c().store.withTenant(tenantId, (tx) =>
      tx.audit.append({ what, subject: 'zażółć "x"', who: 'contract', why: 'test', traceId: null }),
    );
  const verify = (tenantId = c().tenantId) => c().store.withTenant(tenantId, (tx) => tx.audit.verify());

  /** A tenant of its own with a whole chain, damaged by `statement`. */
  const damaged = async (statement: (tenant: string) => string[]) => {
    const tenant = await c().store.withSystem('contract', (tx) =>
      tx.tenants.ensure(`audit-${Math.random().toString(36).slice(2)}`),
    );
    for (let i = 0; i < entries; i++) await append(tenant.id, `entry ${i}`);
    expect(await verify(tenant.id)).toEqual({ rows: entries, brokenAt: null });
    for (const text of statement(`'${tenant.id}'`)) await c().asOwner(text);
    return (await verify(tenant.id)).brokenAt;
  };
  return { append, verify, damaged };
}

function appendLaws(c: Contract): void {
  const { append, verify } = calls(c);
  it('appends within the transaction, newest first when read', async () => {
    await c().store.withTenant(c().tenantId, async (tx) => {
      await tx.audit.append({ what: 'one', subject: 's', who: 'w', why: 'y', traceId: 't1' });
      await tx.audit.append({ what: 'two', subject: 's', who: 'w', why: 'y' });
      expect((await tx.audit.latest(1))[0]).toMatchObject({ seq: 2, what: 'two', traceId: null });
    });
    const failing = c().store.withTenant(c().tenantId, async (tx) => {
      await tx.audit.append({ what: 'never', subject: 's', who: 'w', why: 'y' });
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await verify()).toEqual({ rows: 2, brokenAt: null });
    expect(await c().store.withTenant(c().otherTenantId, (tx) => tx.audit.latest(9))).toEqual([]);
  });

  it('keeps one chain under writers at once', async () => {
    const before = (await verify(c().otherTenantId)).rows;
    await Promise.all(Array.from({ length: 20 }, (_, i) => append(c().otherTenantId, `parallel ${i}`)));
    expect(await verify(c().otherTenantId)).toEqual({ rows: before + 20, brokenAt: null });
  });
}

function tamperLaws(c: Contract): void {
  const { damaged } = calls(c);
  it('finds a changed row', async () => {
    expect(await damaged((t) => [`update audit set why = 'other' where tenant_id = ${t} and seq = 3`])).toBe(
      3,
    );
  });

  it('finds a deleted row', async () => {
    expect(await damaged((t) => [`delete from audit where tenant_id = ${t} and seq = 4`])).toBe(4);
  });

  it('finds two rows that changed places', async () => {
    const swap = (t: string) => [
      `update audit set seq = 1000 where tenant_id = ${t} and seq = 2`,
      `update audit set seq = 2 where tenant_id = ${t} and seq = 3`,
      `update audit set seq = 3 where tenant_id = ${t} and seq = 1000`,
    ];
    expect(await damaged(swap)).toBe(2);
  });

  it('finds a cut tail', async () => {
    expect(await damaged((t) => [`delete from audit where tenant_id = ${t} and seq > 4`])).toBe(5);
  });

  it('finds a moved instant', async () => {
    const moved = (t: string) => [
      `update audit set happened_at = '2026-01-01T00:00:00Z' where tenant_id = ${t} and seq = 5`,
    ];
    expect(await damaged(moved)).toBe(5);
  });
}
