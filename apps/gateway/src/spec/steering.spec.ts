import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newId } from '@hartonomous/contracts';
import { ingestCorpus } from '@hartonomous/retrieval';
import { createTestFolder, removeTestFolder } from '@hartonomous/testing';
import { addAction, startRig, type Rig } from './rig.js';

let rig: Rig;
let key: string;
beforeAll(async () => {
  rig = await startRig();
  ({ key } = await rig.key(['operator']));
}, 240_000);
afterAll(() => rig?.close());

const auditOf = async (what: string) => {
  const { json } = await rig.ask('/v1/audit?limit=100', { key });
  return (json['items'] as Record<string, unknown>[]).filter((row) => row['what'] === what);
};

async function until<T>(look: () => Promise<T | null | undefined | false>, withinMs = 150_000): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (performance.now() > end) throw new Error(`nothing found within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Spans of one trace may be written in several batches. */
const untilSpan = (traceId: string, name: string) =>
  until(async () => {
    const { status, json } = await rig.ask(`/v1/traces/${traceId}`, { key });
    return status === 200 && (json['spans'] as { name: string }[]).some((span) => span.name === name);
  });

describe('the kill switch', () => {
  it('needs a reason, and shows who threw it in the audit log', async () => {
    const put = (body: unknown) => rig.ask('/v1/kill-switch', { method: 'PUT', key, body });
    for (const body of [{ on: true }, { on: true, reason: '  ' }, { on: true, reason: 'x'.repeat(301) }]) {
      expect(await put(body)).toMatchObject({ status: 422, json: { code: 'INPUT_INVALID' } });
    }
    expect((await rig.ask('/v1/kill-switch', { key })).json).toMatchObject({ on: false });
    expect((await put({ on: true, reason: ' disk is full ' })).json).toMatchObject({
      on: true,
      reason: 'disk is full',
      by: 'person operator',
    });
    expect((await rig.ask('/v1/status', { key })).json['killSwitch']).toMatchObject({ on: true });
    expect((await put({ on: false, reason: 'disk replaced' })).json).toMatchObject({ on: false });
    expect(await auditOf('kill-switch.on')).toMatchObject([{ who: 'person operator', why: 'disk is full' }]);
    expect(await auditOf('kill-switch.off')).toMatchObject([{ why: 'disk replaced' }]);
    const { json } = await rig.ask('/v1/audit/verification', { key });
    expect(json).toMatchObject({ brokenAt: null });
  });
});

describe('an approval', () => {
  it('is bound to the plan that was shown, and to the scope approver', async () => {
    const action = await addAction(rig, rig.tenantId, 'AwaitingApproval');
    const approver = await rig.key(['operator', 'approver']);
    const decide = (by: string, body: unknown) =>
      rig.ask(`/v1/actions/${action.id}/decisions`, { method: 'POST', key: by, body });
    const approve = { decision: 'approve', planHash: action.planHash };
    expect(await decide(key, approve)).toMatchObject({ status: 403, json: { code: 'AUTH_FORBIDDEN' } });
    for (const planHash of [undefined, 'f'.repeat(64)]) {
      const answer = await decide(approver.key, { decision: 'approve', planHash });
      expect(answer).toMatchObject({ status: 409, json: { code: 'STATE_STALE' } });
      expect(answer.json['details']).toEqual({ planHash: action.planHash });
    }
    expect(await decide(key, { decision: 'revert' })).toMatchObject({
      status: 409,
      json: { code: 'STATE_CONFLICT' },
    });
    expect(await auditOf('decision.approve')).toEqual([]);
    expect((await decide(approver.key, approve)).status).toBe(202);
    expect(await auditOf('decision.approve')).toMatchObject([
      { subject: action.id, who: 'person operator approver', why: action.planHash },
    ]);
    const { json } = await rig.ask(`/v1/actions/${action.id}`, { key });
    expect(json).toMatchObject({ id: action.id, state: 'AwaitingApproval', transitions: [], evidence: [] });
  });
});

describe('an approval of class D', () => {
  it('asks a console session for the key again', async () => {
    const action = await addAction(rig, rig.tenantId, 'AwaitingApproval', { actionClass: 'D' });
    const approver = await rig.key(['operator', 'approver']);
    const cookie = await sessionOf(approver.key);
    const decide = (entered?: string) =>
      rig.ask(`/v1/actions/${action.id}/decisions`, {
        method: 'POST',
        headers: { cookie, 'x-harto-console': '1' },
        body: { decision: 'approve', planHash: action.planHash, key: entered },
      });
    const stranger = await rig.key(['admin'], { tenantId: await rig.otherTenant() });
    for (const entered of [undefined, 'harto_wrong', key, stranger.key, cookie.split('=')[1]!.slice(1)]) {
      expect(await decide(entered)).toMatchObject({ status: 403, json: { code: 'AUTH_FORBIDDEN' } });
    }
    expect((await decide(approver.key)).status).toBe(202);
  });

  async function sessionOf(apiKey: string): Promise<string> {
    const { json } = await rig.ask('/v1/sign-in-links', { method: 'POST', key: apiKey });
    const { headers } = await rig.ask(String(json['path']));
    return headers.get('set-cookie')!.split(';', 1)[0]!;
  }
});

describe('what people tell the loop', () => {
  it('has a span in its trace, which the audit names', async () => {
    const action = await addAction(rig, rig.tenantId, 'AwaitingApproval');
    const decision = { decision: 'reject' };
    const approver = await rig.key(['operator', 'approver']);
    await rig.ask(`/v1/actions/${action.id}/decisions`, {
      method: 'POST',
      key: approver.key,
      body: decision,
    });
    await rig.ask('/v1/modes/Placebo', { method: 'PUT', key, body: { mode: 'Off' } });
    await rig.ask('/v1/kill-switch', { method: 'PUT', key, body: { on: false, reason: 'for the trace' } });
    for (const [what, span] of [
      ['decision.reject', 'gateway.decision'],
      ['mode.set', 'gateway.mode'],
      ['kill-switch.off', 'gateway.kill-switch'],
    ] as const) {
      const [{ traceId }] = (await auditOf(what)) as [{ traceId: string }];
      await untilSpan(traceId, span);
    }
  });
});

describe('a search', () => {
  it('is answered, recorded with its trace, and the trace can be read', async () => {
    const dir = createTestFolder();
    mkdirSync(join(dir, 'docs'));
    writeFileSync(join(dir, 'docs', 'lease.md'), '# Leases\n\nA lease is renewed before it ends.\n');
    writeFileSync(join(dir, 'docs', 'queue.md'), '# Queues\n\nA queue hands out messages.\n');
    await ingestCorpus({ store: rig.store, tenantId: rig.tenantId, corpus: 'test', roots: [{ dir }] });
    removeTestFolder(dir);
    const from = new Date(Date.now() - 60_000);
    const body = { query: 'where is a lease renewed', limit: 5 };
    const { status, json } = await rig.ask('/v1/search', { method: 'POST', key, body });
    expect(status).toBe(200);
    expect((json['hits'] as { path: string }[])[0]!.path).toMatch(/lease\.md$/);
    const { traceId, requestId } = json as unknown as { traceId: string; requestId: string };
    const noticed = await until(() =>
      rig.store.withTenant(rig.tenantId, async (tx) => {
        const rows = await tx.workload.slowest(from, new Date(Date.now() + 60_000), 5);
        return rows.find((row) => row.id === requestId);
      }),
    );
    expect(noticed.traceId).toBe(traceId);
    await untilSpan(traceId, 'gateway.search');
    const stranger = await rig.key(['admin'], { tenantId: await rig.otherTenant() });
    expect((await rig.ask(`/v1/traces/${traceId}`, { key: stranger.key })).status).toBe(404);
  });
});

describe('events', () => {
  it('arrive as they happen, for the tenant of the key only', async () => {
    const stop = new AbortController();
    const response = await fetch(`${rig.url}/v1/events`, {
      headers: { authorization: `Bearer ${key}` },
      signal: stop.signal,
    });
    expect(response.headers.get('content-type')).toMatch('text/event-stream');
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const read = async (pattern: RegExp) => {
      while (!pattern.test(text)) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`the stream ended without ${pattern}`);
        text += value;
      }
    };
    await read(/event: status\n.*data: \{.*\}\n\n/s);
    expect(text).not.toContain('"STOPPED-BY-TEST"');
    const body = { on: true, reason: 'STOPPED-BY-TEST' };
    await rig.ask('/v1/kill-switch', { method: 'PUT', key, body });
    await read(/"reason":"STOPPED-BY-TEST"/);
    await rig.ask('/v1/kill-switch', { method: 'PUT', key, body: { on: false, reason: 'done' } });
    await read(/"on":false,"reason":"done"/);
    stop.abort();
    await reader.cancel().catch(() => undefined);
  }, 300_000);
});

describe('the benefit', () => {
  it('is shown in both its halves, apart, each with what was compared', async () => {
    const benefit = async () => (await rig.ask('/v1/status', { key })).json['benefit'];
    expect(await benefit()).toEqual({ keySplittable: null, global: null });
    const { cycleId } = await addAction(rig, rig.tenantId, 'Kept');
    const row = (name: string, value: number, high: number | null) =>
      rig.store.withTenant(rig.tenantId, (tx) =>
        tx.analysis.addMetrics([{ cycleId, name, label: `of ${name}`, value, low: value / 2, high }]),
      );
    await row('hold-out.ratio', 0.5, 0.75);
    await row('hold-out.global', 0.8, null);
    expect(await benefit()).toEqual({
      keySplittable: {
        ratio: 0.5,
        low: 0.25,
        high: 0.75,
        label: 'of hold-out.ratio',
        at: expect.any(String),
      },
      global: { ratio: 0.8, low: 0.4, high: null, label: 'of hold-out.global', at: expect.any(String) },
    });
  });
});

describe('a cycle', () => {
  it('is requested once while it is open, and shows on every list', async () => {
    const ask = () => rig.ask('/v1/loop/cycles', { method: 'POST', key });
    const [first, second] = [await ask(), await ask()];
    expect(first.status).toBe(202);
    const id = (first.json['cycle'] as { id: string }).id;
    expect(second.json).toMatchObject({ created: false, cycle: { id } });
    const one = await rig.ask(`/v1/cycles/${id}`, { key });
    expect(one.json).toMatchObject({ id, observation: null });
    expect((await rig.ask('/v1/status', { key })).json['cycle']).toMatchObject({ id });
    expect((await rig.ask(`/v1/cycles/${newId()}`, { key })).status).toBe(404);
  });
});
