import { describe, expect, it } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import type { SystemTransaction } from '../port/store.js';
import type { SpanRow } from '../port/spans.js';
import { contractStore, until, type Contract, type EngineFixture } from './fixture.js';
import { sha256 } from './samples.js';

type InSystem = <T>(work: (tx: SystemTransaction) => Promise<T>) => Promise<T>;

export function systemContract(fixture: EngineFixture): void {
  describe('system', () => {
    const c = contractStore(fixture);
    const system: InSystem = (work) => c().store.withSystem('contract', work);
    accessLaws(c, system);
    switchLaws(c, system);
    recordLaws(system);
    spanLaws(system);
  });
}

function accessLaws(c: Contract, system: InSystem): void {
  it('refuses a look across tenants without a reason, and counts those with one', async () => {
    await expect(c().store.withSystem('', () => Promise.resolve(1))).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    const again = await c().openAgain({ poolSize: 1 });
    for (let i = 0; i < 3; i++) await again.withSystem('counting test', (tx) => tx.now());
    await again.close();
    const rows = await c().asOwner(`select uses from system_access where reason = 'counting test'`);
    expect(rows.map((row) => Number(row['uses']))).toEqual([3]);
  });

  it('makes a tenant once, whoever asks', async () => {
    const name = `tenant-${newId()}`;
    const made = await Promise.all([1, 2, 3, 4].map(() => system((tx) => tx.tenants.ensure(name))));
    expect(new Set(made.map((t) => t.id)).size).toBe(1);
    expect((await system((tx) => tx.tenants.list())).filter((t) => t.name === name)).toHaveLength(1);
  });

  it('identifies keys by their hash until they expire or are revoked', async () => {
    const keyHash = sha256(newId()).toString('hex');
    const { principal, keyId } = await c().store.withTenant(c().tenantId, async (tx) => {
      const row = await tx.principals.ensure('ada');
      expect((await tx.principals.ensure('ada')).id).toBe(row.id);
      const id = await tx.principals.addKey({
        principalId: row.id,
        keyHash,
        scopes: ['viewer', 'operator'],
        label: 'test',
        expiresAt: new Date(Date.now() + 3_600_000),
      });
      await tx.principals.addKey({
        principalId: row.id,
        keyHash: sha256(`${keyHash} old`).toString('hex'),
        scopes: ['admin'],
        label: 'old',
        expiresAt: new Date(Date.now() - 1_000),
      });
      return { principal: row, keyId: id };
    });
    expect(await system((tx) => tx.tenants.identify(keyHash))).toEqual({
      keyId,
      tenantId: c().tenantId,
      principalId: principal.id,
      principal: 'ada',
      scopes: ['viewer', 'operator'],
    });
    expect(await system((tx) => tx.tenants.identify(sha256(`${keyHash} old`).toString('hex')))).toBeNull();
    expect(await c().store.withTenant(c().otherTenantId, (tx) => tx.principals.revokeKey(keyId))).toBe(false);
    expect(await c().store.withTenant(c().tenantId, (tx) => tx.principals.revokeKey(keyId))).toBe(true);
    expect(await system((tx) => tx.tenants.identify(keyHash))).toBeNull();
  });
}

function switchLaws(c: Contract, system: InSystem): void {
  it('turns the kill switch, and reads a missing one as on', async () => {
    expect(await system((tx) => tx.plumbing.killSwitch())).toMatchObject({ on: false });
    await system((tx) => tx.plumbing.setKillSwitch(true, 'drill', 'ada'));
    const state = await system((tx) => tx.plumbing.killSwitch());
    expect(state).toMatchObject({ on: true, reason: 'drill', by: 'ada' });
    expect(state.since).toBeInstanceOf(Date);
    await c().asOwner('delete from kill_switch');
    expect((await system((tx) => tx.plumbing.killSwitch())).on).toBe(true);
  });

  it('gives a lease to one owner by the database clock, with a rising fence', async () => {
    const take = (owner: string, ttlMs: number) =>
      system((tx) => tx.plumbing.acquireLease('relay', owner, ttlMs));
    const longMs = 600_000;
    const first = await take('a', longMs);
    expect(first).not.toBeNull();
    expect(await take('b', longMs)).toBeNull();
    expect(await take('a', 20)).toEqual(first);
    let second: Awaited<ReturnType<typeof take>> = null;
    await until(async () => (second = await take('b', longMs)) !== null);
    expect(second!.fence).toBeGreaterThan(first!.fence);
    expect(await take('a', longMs)).toBeNull();
    await system((tx) => tx.plumbing.releaseLease('relay', 'b'));
    expect((await take('a', longMs))!.fence).toBeGreaterThan(second!.fence);
  });

  it('gives a contested lease once', async () => {
    const takers = Array.from({ length: 8 }, (_, i) =>
      system((tx) => tx.plumbing.acquireLease('contested', `o${i}`, 60_000)),
    );
    expect((await Promise.all(takers)).filter((lease) => lease !== null)).toHaveLength(1);
  });
}

function recordLaws(system: InSystem): void {
  it('keeps the latest heartbeat of each instance', async () => {
    const beat = (pid: number) =>
      system((tx) =>
        tx.plumbing.beat({
          service: 'act',
          instance: 'one',
          pid,
          startedAt: new Date('2026-11-01T00:00:00.5Z'),
          detail: { oldestSeconds: pid },
        }),
      );
    await beat(1);
    await beat(2);
    const beats = await system((tx) => tx.plumbing.heartbeats());
    expect(beats).toHaveLength(1);
    expect(beats[0]).toMatchObject({ service: 'act', pid: 2, detail: { oldestSeconds: 2 } });
    expect(beats[0].startedAt).toEqual(new Date('2026-11-01T00:00:00.5Z'));
  });

  it('keeps dead letters, cut at 4 KiB', async () => {
    const letter = {
      id: newId(),
      queue: 'act',
      messageId: null,
      name: 'loop.x',
      code: 'MESSAGE_MALFORMED',
      reason: 'no \u0000 please',
      body: 'ü'.repeat(5_000),
    };
    await system((tx) => tx.plumbing.addDeadLetter(letter));
    const [row] = await system((tx) => tx.plumbing.deadLetters(5));
    expect(row).toMatchObject({ id: letter.id, queue: 'act', messageId: null, code: 'MESSAGE_MALFORMED' });
    expect(Buffer.byteLength(row.body)).toBeLessThanOrEqual(4096);
    expect(row.body.length).toBe(2048);
    expect(row.at).toBeInstanceOf(Date);
  });
}

function spanLaws(system: InSystem): void {
  const spanOf = (traceId: string, spanId: string, patch: Partial<SpanRow> = {}): SpanRow => ({
    traceId,
    spanId,
    parentSpanId: null,
    tenantId: null,
    service: 'act',
    name: 'apply',
    kind: 'internal',
    startedAt: new Date('2026-11-01T00:00:00.001Z'),
    durationMs: null,
    status: 'unset',
    attributes: { 'db.system': 'x', n: 1, ok: true },
    links: [],
    ...patch,
  });

  it('completes a started span, never the other way round', async () => {
    const trace = sha256(newId()).toString('hex').slice(0, 32);
    const done = spanOf(trace, 'a', {
      durationMs: 4.5,
      status: 'ok',
      links: [{ traceId: 't', spanId: 's' }],
    });
    await system((tx) => tx.spans.write([spanOf(trace, 'a'), spanOf(trace, 'b')]));
    await system((tx) => tx.spans.write([spanOf(trace, 'a'), done]));
    await system((tx) => tx.spans.write([spanOf(trace, 'a')]));
    expect(await system((tx) => tx.spans.byTrace(trace))).toEqual([done, spanOf(trace, 'b')]);
  });

  it('prunes to the newest, sparing named traces', async () => {
    await system((tx) => tx.spans.prune(0, []));
    const at = (n: number) => ({ startedAt: new Date(Date.UTC(2026, 10, 2, 0, 0, n)) });
    await system((tx) =>
      tx.spans.write(Array.from({ length: 10 }, (_, i) => spanOf(`trace${i}`, 's', at(i)))),
    );
    expect(await system((tx) => tx.spans.prune(4, ['trace1']))).toBe(5);
    expect(await system((tx) => tx.spans.byTrace('trace1'))).toHaveLength(1);
    expect(await system((tx) => tx.spans.byTrace('trace5'))).toHaveLength(0);
    expect(await system((tx) => tx.spans.byTrace('trace6'))).toHaveLength(1);
  });
}
