import { describe, expect, it } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import type { OutboxRow } from '../port/plumbing.js';
import { contractStore, until, type Contract, type EngineFixture } from './fixture.js';

/** Outbox, relay, inbox and settings. */
export function plumbingContract(fixture: EngineFixture): void {
  describe('plumbing', () => {
    const c = contractStore(fixture);
    outboxLaws(c);
    inboxLaws(c);
  });
}

/** The plumbing's calls, bound to one store. */
function calls(c: Contract) {
  const send = (id: string, deliverAt?: Date) =>
    c().store.withTenant(c().tenantId, (tx) =>
      tx.outbox.add({
        id,
        name: 'loop.cycle.learned',
        epoch: 3,
        refs: { cycleId: newId() },
        trace: { traceparent: '00-a-b-01' },
        ...(deliverAt ? { deliverAt } : {}),
      }),
    );
  const claim = (staleMs = 60_000, leaseMs = 60_000) =>
    c().store.withSystem('contract', (tx) => tx.plumbing.claimOutbox(100, staleMs, leaseMs));
  const claimed = async (id: string, staleMs?: number, leaseMs?: number) =>
    (await claim(staleMs, leaseMs)).find((row) => row.id === id);
  const receive = (id: string) => c().store.withTenant(c().tenantId, (tx) => tx.inbox.receive(id, 'act'));
  return { send, claim, claimed, receive };
}

function outboxLaws(c: Contract): void {
  const { send, claim, claimed, receive } = calls(c);
  it('tells listeners of committed outbox rows, and of no others', async () => {
    const seen: OutboxRow[] = [];
    c().store.onCommitted((rows) => seen.push(...rows));
    const id = newId();
    await send(id);
    const failing = c().store.withTenant(c().tenantId, async (tx) => {
      await tx.outbox.add({
        id: newId(),
        name: 'loop.cycle.learned',
        epoch: 0,
        refs: { cycleId: newId() },
      });
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(seen.map((row) => row.id)).toEqual([id]);
    await receive(id);
  });

  it('hands each waiting row to one relay until its lease ends', async () => {
    const id = newId();
    await send(id);
    const row = await claimed(id, 60_000, 600_000);
    expect(row).toMatchObject({ tenantId: c().tenantId, name: 'loop.cycle.learned', epoch: 3 });
    expect(row!.trace).toEqual({ traceparent: '00-a-b-01' });
    expect(await claimed(id)).toBeUndefined();
    const brief = newId();
    await send(brief);
    expect(await claimed(brief, 60_000, 20)).toBeDefined();
    await until(async () => (await claimed(brief)) !== undefined);
    expect(await claimed(id)).toBeUndefined();
    await receive(brief);
    await receive(id);
  });

  it('keeps a published row until it is received, and refills when it grows stale', async () => {
    const id = newId();
    await send(id);
    await claim();
    await c().store.withSystem('contract', (tx) => tx.plumbing.markPublished([id]));
    expect(await claimed(id)).toBeUndefined();
    expect(await claimed(id, 0, 0)).toBeDefined();
    expect(await receive(id)).toBe(true);
    expect(await claimed(id, 0, 0)).toBeUndefined();
  });

  it('does not hand out a row before its time', async () => {
    const id = newId();
    await send(id, new Date(Date.now() + 3_600_000));
    expect(await claimed(id)).toBeUndefined();
    expect((await c().store.withSystem('contract', (tx) => tx.plumbing.outboxAge())).waiting).toBe(0);
    await receive(id);
  });
}

function inboxLaws(c: Contract): void {
  const { send, claimed, receive } = calls(c);
  it('receives a message once per consumer, in the transaction of its effect', async () => {
    const id = newId();
    await send(id);
    const aborted = c().store.withTenant(c().tenantId, async (tx) => {
      expect(await tx.inbox.receive(id, 'act')).toBe(true);
      throw new Error('crash');
    });
    await expect(aborted).rejects.toThrow('crash');
    expect(await claimed(id)).toBeDefined();
    expect(await receive(id)).toBe(true);
    expect(await receive(id)).toBe(false);
    expect(await c().store.withTenant(c().tenantId, (tx) => tx.inbox.receive(id, 'learn'))).toBe(true);
  });

  it('lets two redeliveries at once have one effect', async () => {
    const id = newId();
    const results = await Promise.all([receive(id), receive(id), receive(id)]);
    expect(results.filter(Boolean)).toHaveLength(1);
  });

  it('drops inbox rows past their retention', async () => {
    await receive(newId());
    const drop = (at: number) =>
      c().store.withSystem('contract', (tx) => tx.plumbing.pruneInbox(new Date(at)));
    expect(await drop(Date.now() - 3_600_000)).toBe(0);
    expect(await drop(Date.now() + 3_600_000)).toBeGreaterThan(0);
  });

  it('keeps settings per tenant', async () => {
    const { store, tenantId, otherTenantId } = c();
    await store.withTenant(tenantId, (tx) => tx.settings.set('loop.mode', 'Auto', 'a'));
    await store.withTenant(tenantId, (tx) => tx.settings.set('loop.mode', 'Observe', 'b'));
    await store.withTenant(otherTenantId, (tx) => tx.settings.set('loop.mode', 'Off', 'c'));
    expect(await store.withTenant(tenantId, (tx) => tx.settings.get('loop.mode'))).toBe('Observe');
    expect(await store.withTenant(tenantId, (tx) => tx.settings.get('absent'))).toBeNull();
    expect([...(await store.withTenant(tenantId, (tx) => tx.settings.all()))]).toEqual([
      ['loop.mode', 'Observe'],
    ]);
  });
}
