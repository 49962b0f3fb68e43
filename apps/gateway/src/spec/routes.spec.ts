import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, MODULE_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { newId } from '@hartonomous/contracts';
import { openApiDocument, routeDocs } from '../openapi.js';
import { GatewayModule } from '../gateway.module.js';
import { addAction, startRig, type Rig } from './rig.js';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
}, 240_000);
afterAll(() => rig?.close());

const nameOf = (method: string, path: string) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`;
const documented = routeDocs.map(({ method, path }) => nameOf(method, path)).sort();

/** What Nest registers: every method of a controller that carries an HTTP route. */
function registered(): string[] {
  const controllers = Reflect.getMetadata(MODULE_METADATA.CONTROLLERS, GatewayModule) as Type[];
  return controllers
    .flatMap((controller) => {
      const base = (Reflect.getMetadata(PATH_METADATA, controller) as string).replace(/^\/|\/$/g, '');
      const prototype = controller.prototype as Record<string, object>;
      return Object.getOwnPropertyNames(prototype)
        .filter((name) => name !== 'constructor' && Reflect.hasMetadata(METHOD_METADATA, prototype[name]!))
        .map((name) => {
          const method = Reflect.getMetadata(METHOD_METADATA, prototype[name]!) as RequestMethod;
          const own = (Reflect.getMetadata(PATH_METADATA, prototype[name]!) as string).replace(
            /^\/|\/$/g,
            '',
          );
          const path = `/${[base, own].filter(Boolean).join('/')}`;
          return nameOf(RequestMethod[method].toLowerCase(), path);
        });
    })
    .sort();
}

const valueOf: Record<string, string> = { type: 'CacheWarming', traceId: 'ab'.repeat(16) };
const filled = (path: string, id: string) =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => valueOf[name] ?? id);

describe('the OpenAPI document', () => {
  it('lists every registered route, and no other', () => {
    expect(documented).toEqual(registered());
  });

  it('is served, and answers for every route with its scope and the problem schema', async () => {
    const { status, json } = await rig.ask('/openapi.json');
    expect(status).toBe(200);
    expect(json).toEqual(JSON.parse(JSON.stringify(openApiDocument())));
    for (const { method, path, scope } of routeDocs) {
      const paths = json['paths'] as Record<string, Record<string, Record<string, unknown>>>;
      const operation = paths[path]![method]!;
      expect(operation['x-scope']).toBe(scope === 'public' ? undefined : scope);
    }
  });
});

describe('without a key', () => {
  it.each(routeDocs.map((doc) => [doc.method, doc.path, doc.scope] as const))(
    '%s %s (%s) is refused, unless it is public',
    async (method, path, scope) => {
      const { status, json, headers } = await rig.ask(filled(path, newId()), {
        method: method.toUpperCase(),
      });
      if (scope !== 'public') {
        expect(headers.get('content-type')).toMatch('application/problem+json');
        expect({ status, code: json['code'] }).toEqual({ status: 401, code: 'AUTH_MISSING' });
        return;
      }
      // A sign-in without its token is malformed; the gateway is alone, and so not ready.
      const expected: Record<string, number> = { '/sign-in': 422, '/readyz': 503 };
      expect({ path, status }).toEqual({ path, status: expected[path] ?? 200 });
    },
  );
});

describe('with too few scopes', () => {
  it('every route says which it needs, and does nothing', async () => {
    const viewer = await rig.key(['viewer']);
    for (const { method, path, scope } of routeDocs.filter((doc) => doc.scope === 'operator')) {
      const answer = await rig.ask(filled(path, newId()), { method: method.toUpperCase(), key: viewer.key });
      const { status, json } = answer;
      expect({ path, status, code: json['code'] }).toEqual({ path, status: 403, code: 'AUTH_FORBIDDEN' });
      expect(json['detail']).toContain(`"${scope}"`);
    }
    const { json } = await rig.ask('/v1/kill-switch', { key: viewer.key });
    expect(json['on']).toBe(false);
  });
});

describe("another tenant's ids", () => {
  it('are not found on any route, and change nothing', async () => {
    const tenantId = await rig.otherTenant();
    const action = await addAction(rig, tenantId, 'AwaitingApproval');
    const theirs = await rig.key(['admin'], { tenantId });
    const body = { type: 'prime.count', params: { lo: 1, hi: 1_000 }, idempotencyKey: 'theirs' };
    const made = await rig.ask('/v1/computations', { method: 'POST', key: theirs.key, body });
    expect(made.status).toBe(202);
    const computation = made.json['computation'] as { id: string; traceId: string };
    const traceId = 'cd'.repeat(16);
    await rig.store.withSystem('test', (tx) =>
      tx.spans.write(
        [tenantId, null].map((of, i) => ({
          traceId,
          spanId: `${i}`.repeat(16),
          parentSpanId: null,
          tenantId: of,
          service: 'act' as const,
          name: 'theirs',
          kind: 'internal',
          startedAt: new Date(),
          durationMs: 1,
          status: 'ok' as const,
          attributes: {},
          links: [],
        })),
      ),
    );
    const snapshot = await rig.store.withTenant(tenantId, async (tx) =>
      tx.snapshots.take((await tx.models.ensureNative()).id, { label: 'theirs', by: 'test' }),
    );
    const ids: Record<string, string> = {
      provenance: snapshot.id,
      snapshots: snapshot.id,
      cycles: action.cycleId,
      actions: action.id,
      computations: computation.id,
      traces: traceId,
    };
    const bodies: Record<string, unknown> = {
      '/v1/actions/{id}/decisions': { decision: 'approve', planHash: action.planHash },
      '/v1/computations/{id}/commands': { verb: 'cancel' },
      '/v1/snapshots/{id}/restore': { why: 'not mine' },
    };
    const mine = await rig.key(['admin']);
    const sweep = routeDocs.filter(({ path }) => /\{(id|traceId)\}/.test(path));
    expect(sweep.length).toBeGreaterThanOrEqual(8);
    for (const { method, path } of sweep) {
      const id = ids[path.split('/')[2]!]!;
      const ask = (key: string) =>
        rig.ask(path.replace(/\{\w+\}/, id), { method: method.toUpperCase(), key, body: bodies[path] });
      const foreign = await ask(mine.key);
      expect({ path, status: foreign.status, code: foreign.json['code'] }).toEqual({
        path,
        status: 404,
        code: 'NOT_FOUND',
      });
      // The id is a real one: its owner gets in, or is told of the state, but not "not found".
      const own = await ask(theirs.key);
      expect({ path, found: own.status !== 404 }).toEqual({ path, found: true });
    }
    const before = await rig.store.withTenant(rig.tenantId, (tx) => tx.audit.latest(500));
    expect(before.filter((row) => Object.values(ids).includes(row.subject))).toEqual([]);
    for (const list of [
      'cycles',
      'actions',
      'computations',
      'snapshots',
      'rejected',
      'audit',
      'dead-letters',
    ]) {
      const { json } = await rig.ask(`/v1/${list}?limit=100`, { key: mine.key });
      expect(JSON.stringify(json)).not.toContain(tenantId);
      for (const id of Object.values(ids)) expect(JSON.stringify(json)).not.toContain(id);
    }
  });

  it('stand in no dead letter that is shown', async () => {
    const tenantId = await rig.otherTenant();
    const { key } = await rig.key(['operator']);
    const bodies = [{ tenantId }, { tenantId: rig.tenantId }, 'not a message'];
    await rig.store.withSystem('test', async (tx) => {
      for (const body of bodies) {
        await tx.plumbing.addDeadLetter({
          id: newId(),
          queue: 'act',
          messageId: null,
          name: 'x',
          code: 'MESSAGE_MALFORMED',
          reason: 'test',
          body: JSON.stringify(body),
        });
      }
    });
    const { json } = await rig.ask('/v1/dead-letters', { key });
    const shown = (json['items'] as { body?: string }[]).map((row) => row.body).sort();
    expect(shown).toEqual([JSON.stringify({ tenantId: rig.tenantId }), undefined]);
  });
});
