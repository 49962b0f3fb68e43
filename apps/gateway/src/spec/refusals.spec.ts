import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import { startRig, type Answer, type Rig } from './rig.js';

let rig: Rig;
let key: string;
beforeAll(async () => {
  rig = await startRig();
  ({ key } = await rig.key(['admin']));
}, 240_000);
afterAll(() => rig?.close());

/** One clear line, an id to ask with, and nothing of the inside. */
function expectProblem(answer: Answer, status: number, code: string): void {
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(answer.json).toMatchObject({ type: `urn:hartonomous:${code}`, title: code, status, code });
  expect(answer.status).toBe(status);
  const { detail, requestId } = answer.json as unknown as { detail: string; requestId: string };
  expect(detail).toMatch(/^[^\n]{3,500}$/);
  expect(requestId).toBe(answer.headers.get('x-request-id'));
  expect(answer.text).not.toMatch(/node_modules|\.js:\d|\bat \w|select |stack/i);
}

const planHash = 'a'.repeat(64);
const id = newId();

describe('malformed input', () => {
  it.each<[string, string, unknown]>([
    ['POST', '/v1/search', '{"query":'],
    ['POST', '/v1/search', '"lease"'],
    ['POST', '/v1/search', {}],
    ['POST', '/v1/search', { query: '  ' }],
    ['POST', '/v1/search', { query: 'x'.repeat(1_001) }],
    ['POST', '/v1/search', { query: 'x', limit: 101 }],
    ['POST', '/v1/search', { query: 'x', limit: '5' }],
    ['POST', '/v1/search', { query: 'x', tenantId: id }],
    ['POST', '/v1/search', { query: 'x', filters: { kind: 'poem' } }],
    ['POST', '/v1/loop/cycles', { scope: 'half' }],
    ['POST', `/v1/actions/${id}/decisions`, { decision: 'maybe' }],
    ['POST', `/v1/actions/${id}/decisions`, { decision: 'approve', planHash: 'short' }],
    ['POST', '/v1/actions/1/decisions', { decision: 'approve', planHash }],
    ['POST', '/v1/computations', { type: 'prime.count' }],
    ['POST', '/v1/computations', { type: 'no.such', params: {}, idempotencyKey: 'k' }],
    ['POST', `/v1/computations/${id}/commands`, { verb: 'explode' }],
    ['POST', '/v1/computation-commands', { verb: 'pause' }],
    ['PUT', '/v1/modes/CacheWarming', { mode: 'Maybe' }],
    ['PUT', '/v1/modes/Teleport', { mode: 'Off' }],
    ['PUT', '/v1/kill-switch', { on: 'yes', reason: 'test' }],
    ['GET', '/v1/actions/not-an-id', undefined],
    ['GET', "/v1/cycles/'; drop table cycle; --", undefined],
    ['GET', '/v1/cycles/%E0%A4%A', undefined],
    ['GET', '/v1/computations/1', undefined],
    ['GET', '/v1/traces/xyz', undefined],
    ['GET', `/v1/traces/${'A'.repeat(32)}`, undefined],
    ['GET', '/v1/cycles?limit=0', undefined],
    ['GET', '/v1/cycles?limit=501', undefined],
    ['GET', '/v1/cycles?limit=', undefined],
    ['GET', '/v1/cycles?limit=1&limit=2', undefined],
    ['GET', '/v1/actions?state=Happy', undefined],
    ['GET', '/v1/actions?cycleId=1', undefined],
    ['GET', `/v1/computations/${id}/chunks?after=-2`, undefined],
  ])('%s %s %j is refused with one clear line', async (method, path, body) => {
    expectProblem(await rig.ask(path, { method, key, body }), 422, 'INPUT_INVALID');
  });

  it('names the field', async () => {
    const { json } = await rig.ask('/v1/search', { method: 'POST', key, body: { query: 'x', limit: 0 } });
    expect(json['detail']).toMatch(/^limit: /);
  });

  it('is not quoted in the answer', async () => {
    const answer = await rig.ask('/v1/search', { method: 'POST', key, body: '{"query": secret-word}' });
    expectProblem(answer, 422, 'INPUT_INVALID');
    expect(answer.text).not.toContain('secret-word');
  });

  it('in an encoding that nobody reads is refused as well', async () => {
    const headers = { 'content-type': 'application/json; charset=klingon' };
    const answer = await rig.ask('/v1/search', { method: 'POST', key, body: '{}', headers });
    expectProblem(answer, 422, 'INPUT_INVALID');
    const form = { 'content-type': 'text/plain' };
    expectProblem(
      await rig.ask('/v1/search', { method: 'POST', key, body: '{"query":"x"}', headers: form }),
      422,
      'INPUT_INVALID',
    );
  });

  it('of more than 100 kB is too large, and read no further', async () => {
    const body = { query: 'x'.repeat(110_000) };
    expectProblem(await rig.ask('/v1/search', { method: 'POST', key, body }), 413, 'INPUT_TOO_LARGE');
  });

  it('on a route that is not there is not found, whatever the method', async () => {
    for (const path of ['/v1/nothing', '/v1', '/admin', '/app.ts', '/..%2f..%2fpackage.json']) {
      expectProblem(await rig.ask(path, { key }), 404, 'NOT_FOUND');
    }
    expectProblem(await rig.ask('/v1/cycles', { method: 'DELETE', key }), 404, 'NOT_FOUND');
    expectProblem(await rig.ask(`/v1/actions/${id}`, { key }), 404, 'NOT_FOUND');
  });
});

describe('every answer', () => {
  it('carries headers that keep other origins and inline code out', async () => {
    for (const path of ['/', '/app.js', '/v1/status', '/v1/nothing', '/livez']) {
      const { headers } = await rig.ask(path, { key });
      const policy = headers.get('content-security-policy')!;
      expect(policy).toMatch(/default-src 'self'/);
      expect(policy).toMatch(/frame-ancestors 'none'/);
      expect(policy).toMatch(/object-src 'none'/);
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('x-powered-by')).toBeNull();
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
    const status = await rig.ask('/v1/status', { key });
    expect(status.headers.get('cache-control')).toBe('no-store');
  });

  it('of the page obeys that policy: no inline script, style or handler', async () => {
    const { text, status } = await rig.ask('/');
    expect(status).toBe(200);
    expect(text).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|https?:\/\//);
    const assets = [...text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, file]) => file!);
    for (const file of assets) {
      const asset = await rig.ask(file);
      const inline = /\bstyle: ['"`]|innerHTML|\beval\(/.test(asset.text);
      expect({ file, status: asset.status, inline }).toEqual({ file, status: 200, inline: false });
      for (const [, name] of asset.text.matchAll(/from '\.(\/[^']+)'/g)) {
        if (!assets.includes(name!)) assets.push(name!);
      }
    }
    expect(assets).toEqual(expect.arrayContaining(['/app.css', '/app.js', '/dom.js', '/trace.js']));
  });
});

describe('the process', () => {
  it('said nothing loud while it refused all this', () => {
    expect(rig.gateway.lines.filter((line) => /"level":"(warn|error|fatal)"/.test(line))).toEqual([]);
  });
});
