import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HartoError } from '@hartonomous/contracts';
import { openTestStore } from '@hartonomous/store/testing';
import type { TestStore } from '@hartonomous/store/testing';
import pg from 'pg';
import { annotate, carrier, currentTrace, runWith, startTelemetry, withSpan } from './index.js';
import type { SpanRef, Telemetry } from './index.js';

describe('spans', () => {
  let test: TestStore;
  let telemetry: Telemetry | null = null;

  beforeAll(async () => {
    test = await openTestStore();
  });
  afterAll(() => test.close());
  afterEach(async () => {
    await telemetry?.shutdown();
    telemetry = null;
  });

  const start = async () =>
    (telemetry = await startTelemetry({ service: 'act', instance: 'a', store: test.store }));
  const stored = async (traceId: string) => {
    await telemetry?.flush();
    return test.store.withSystem('test', (tx) => tx.spans.byTrace(traceId));
  };
  const here = () => currentTrace() as SpanRef;

  it('are kept with parent, times, status and what the allow-list lets through', async () => {
    await start();
    let inner: SpanRef | null = null;
    const from = Date.now();
    const outer = await withSpan(
      'outer',
      { 'hartonomous.tenant.id': test.tenantId, query: 'secret' },
      async () => {
        annotate({ 'hartonomous.rows': 3, 'api.key': 'secret' });
        await withSpan('inner', { 'hartonomous.type': 'x'.repeat(300) }, () => {
          inner = here();
        });
        await new Promise((resolve) => setTimeout(resolve, 20));
        return here();
      },
    );
    const spans = await stored(outer.traceId);
    expect(spans).toHaveLength(2);
    const [first, second] = ['outer', 'inner'].map((name) => spans.find((span) => span.name === name));
    expect(first).toMatchObject({
      spanId: outer.spanId,
      parentSpanId: null,
      tenantId: test.tenantId,
      service: 'act',
      status: 'ok',
      attributes: { 'hartonomous.tenant.id': test.tenantId, 'hartonomous.rows': 3 },
    });
    expect(first?.durationMs).toBeGreaterThanOrEqual(19);
    const startedAt = first?.startedAt.getTime() ?? 0;
    // The process's own clock of spans may differ from the system's by a little.
    expect(startedAt).toBeGreaterThan(from - 1_000);
    expect(startedAt).toBeLessThan(Date.now() + 1_000);
    expect(second).toMatchObject({
      spanId: (inner as unknown as SpanRef).spanId,
      parentSpanId: outer.spanId,
    });
    expect(second?.attributes).toEqual({ 'hartonomous.type': 'x'.repeat(256) });
    expect(JSON.stringify(spans)).not.toContain('secret');
  });

  it('of failures carry the code and not the text, and the error goes on', async () => {
    await start();
    let at: SpanRef | null = null;
    const failing = withSpan('fails', {}, () => {
      at = here();
      throw new HartoError('STATE_CONFLICT', 'secret');
    });
    await expect(failing).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    const spans = await stored((at as unknown as SpanRef).traceId);
    expect(spans).toMatchObject([{ status: 'error', attributes: { 'error.type': 'STATE_CONFLICT' } }]);
    expect(JSON.stringify(spans)).not.toContain('secret');
  });

  it('continue a span of another process, with links and an earlier start', async () => {
    await start();
    const parent = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
    const startTime = new Date(Date.now() - 5_000);
    const link = await withSpan('woken by', {}, here);
    const inside = await withSpan('analyze.observe', {}, here, { parent, links: [link], startTime });
    expect(inside.traceId).toBe(parent.traceId);
    const [span] = await stored(parent.traceId);
    expect(span).toMatchObject({ parentSpanId: parent.spanId, startedAt: startTime, links: [link] });
    expect(span?.durationMs).toBeGreaterThanOrEqual(5_000);
  });

  it('can start a trace of their own inside another', async () => {
    await start();
    const [outer, inner] = await withSpan('outer', {}, async () => [
      here(),
      await withSpan('root', {}, here, { parent: null }),
    ]);
    expect(inner?.traceId).not.toBe(outer?.traceId);
  });

  it('that are long are seen before they end', async () => {
    await start();
    let end = () => {};
    const opened = new Promise<SpanRef>((resolve) => {
      void withSpan(
        'long',
        {},
        () => {
          resolve(here());
          return new Promise<void>((done) => (end = done));
        },
        { open: true },
      );
    });
    const { traceId } = await opened;
    expect(await stored(traceId)).toMatchObject([{ name: 'long', durationMs: null, status: 'unset' }]);
    end();
    await new Promise(setImmediate);
    const after = await stored(traceId);
    expect(after).toMatchObject([{ name: 'long', status: 'ok' }]);
    expect(after[0]?.durationMs).not.toBeNull();
  });

  it('travel by a carrier; without one, or with a broken one, there is no parent', async () => {
    await start();
    const [headers, outer] = await withSpan('sender', {}, () => [carrier(), here()] as const);
    expect(runWith(headers, currentTrace)).toEqual(outer);
    expect(runWith({ traceparent: 'nonsense' }, currentTrace)).toBeNull();
    expect(runWith(undefined, currentTrace)).toBeNull();
  });

  it('that cannot be stored are counted, and the work does not notice', async () => {
    const other = await openTestStore();
    const errors: unknown[] = [];
    telemetry = await startTelemetry({
      service: 'act',
      instance: 'a',
      store: other.store,
      onError: (error) => errors.push(error),
    });
    const superuser = new pg.Client({ connectionString: other.urls.superuserUrl });
    await superuser.connect();
    await superuser.query('drop table span');
    await superuser.end();
    try {
      expect(await withSpan('lost', {}, () => 7)).toBe(7);
      await telemetry.flush();
      expect([telemetry.dropped(), errors.length]).toEqual([1, 1]);
    } finally {
      await other.close();
    }
  });

  it('beyond the queue are dropped and counted', async () => {
    await start();
    for (let i = 0; i < 5_200; i++) void withSpan('many', {}, () => i);
    await telemetry?.flush();
    expect(telemetry?.dropped()).toBeGreaterThanOrEqual(200);
  });

  it('go to an OTLP collector where one is named', async () => {
    const bodies: string[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString('latin1')));
      request.on('end', () => {
        bodies.push(`${request.url} ${body}`);
        response.end('{}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      telemetry = await startTelemetry({
        service: 'act',
        instance: 'a',
        otlpEndpoint: `http://127.0.0.1:${port}/`,
      });
      await withSpan('exported', {}, () => {});
      await telemetry.flush();
      expect(bodies).toHaveLength(1);
      expect(bodies[0]).toMatch(/^\/v1\/traces .*exported/s);
    } finally {
      await telemetry?.shutdown();
      telemetry = null;
      server.close();
    }
  });
});
