import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { newId } from '@hartonomous/contracts';
import { newKey, sessionCookie } from '../http/identity.js';
import { startRig, type Rig } from './rig.js';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
}, 240_000);
afterAll(() => rig?.close());

const statusWith = async (key?: string) => {
  const { status, json } = await rig.ask('/v1/status', key ? { key } : {});
  return [status, json['code']];
};
const refused = [401, 'AUTH_MISSING'];

describe('a key', () => {
  it('lets in when it is known, and only then', async () => {
    const { key } = await rig.key(['viewer']);
    expect(await statusWith(key)).toEqual([200, undefined]);
    expect(await statusWith()).toEqual(refused);
    expect(await statusWith(newKey())).toEqual(refused);
    expect(await statusWith(key.toUpperCase())).toEqual(refused);
    const basic = await rig.ask('/v1/status', { headers: { authorization: `Basic ${key}` } });
    expect(basic.status).toBe(401);
    expect(basic.text).not.toContain(key);
    expect((await rig.ask(`/v1/status?key=${key}`)).status).toBe(401);
  });

  it('is refused once it has expired', async () => {
    const past = await rig.key(['admin'], { expiresAt: new Date(Date.now() - 1_000) });
    const future = await rig.key(['admin'], { expiresAt: new Date(Date.now() + 3_600_000) });
    expect(await statusWith(past.key)).toEqual(refused);
    expect(await statusWith(future.key)).toEqual([200, undefined]);
  });

  it('is refused once it is revoked; one in use within 5 s', async () => {
    const [unused, used] = [await rig.key(['admin']), await rig.key(['admin'])];
    expect(await statusWith(used.key)).toEqual([200, undefined]);
    await rig.store.withTenant(rig.tenantId, async (tx) => {
      await tx.principals.revokeKey(unused.keyId);
      await tx.principals.revokeKey(used.keyId);
    });
    expect(await statusWith(unused.key)).toEqual(refused);
    await new Promise((resolve) => setTimeout(resolve, 5_100));
    expect(await statusWith(used.key)).toEqual(refused);
  });

  it('opens what its scopes say: an approver is no operator, an admin is everything', async () => {
    const [approver, admin] = [await rig.key(['approver']), await rig.key(['admin'])];
    const put = (key: string) =>
      rig.ask('/v1/modes/CacheWarming', { method: 'PUT', key, body: { mode: 'Approve' } });
    expect((await rig.ask('/v1/cycles', { key: approver.key })).status).toBe(200);
    expect(await put(approver.key)).toMatchObject({ status: 403, json: { code: 'AUTH_FORBIDDEN' } });
    expect(await put(admin.key)).toMatchObject({ status: 200, json: { mode: 'Approve' } });
  });
});

describe('a sign-in link', () => {
  const linkOf = async () => {
    const { key } = await rig.key(['operator']);
    const { status, json } = await rig.ask('/v1/sign-in-links', { method: 'POST', key });
    expect(status).toBe(201);
    return json['path'] as string;
  };
  const cookieOf = (answer: { headers: Headers }) =>
    /^([^;]+);/.exec(answer.headers.get('set-cookie') ?? '')?.[1] ?? '';

  it('gives a session that reads, and writes only with the header that no form can send', async () => {
    const answer = await rig.ask(await linkOf());
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/');
    const set = answer.headers.get('set-cookie')!;
    expect(set).toMatch(new RegExp(`^${sessionCookie}=harto_[\\w-]{43}; Max-Age=43200; Path=/;`));
    expect(set).toMatch(/; HttpOnly; SameSite=Strict$/);
    const cookie = cookieOf(answer);
    expect((await rig.ask('/v1/status', { headers: { cookie } })).status).toBe(200);
    const write = (headers: Record<string, string>) =>
      rig.ask('/v1/loop/cycles', { method: 'POST', headers: { cookie, ...headers }, body: {} });
    expect(await write({})).toMatchObject({ status: 403, json: { code: 'AUTH_FORBIDDEN' } });
    expect((await rig.ask('/v1/cycles', { headers: { cookie } })).json['items']).toEqual([]);
    expect((await write({ 'x-harto-console': '1' })).status).toBe(202);
  });

  it('is redeemed once: of ten at the same time one wins', async () => {
    const path = await linkOf();
    const answers = await Promise.all(Array.from({ length: 10 }, () => rig.ask(path)));
    expect(answers.filter((a) => a.status === 303)).toHaveLength(1);
    const others = answers.filter((a) => a.status !== 303);
    expect(others.map((a) => [a.status, a.json['code']])).toEqual(Array.from({ length: 9 }, () => refused));
    for (const other of others) expect(other.headers.get('set-cookie')).toBeNull();
    expect((await rig.ask(path)).status).toBe(401);
  });

  it('ends after its time', async () => {
    const { principalId } = await rig.key(['viewer']);
    const token = (minutes: number) =>
      rig.store.withTenant(rig.tenantId, async (tx) => {
        const text = `${rig.tenantId}.${newId()}.${'a'.repeat(32)}`;
        const expiresAt = new Date((await tx.now()).getTime() + minutes * 60_000);
        const name = `sign-in.${createHash('sha256').update(text).digest('hex')}`;
        await tx.settings.set(name, JSON.stringify({ principalId, scopes: ['viewer'], expiresAt }), 'test');
        return text;
      });
    expect((await rig.ask(`/sign-in?token=${await token(-1)}`)).status).toBe(401);
    expect((await rig.ask(`/sign-in?token=${await token(60)}`)).status).toBe(303);
  });

  it('that nobody made is refused, of a tenant that is not there as well', async () => {
    const of = (tenantId: string) => rig.ask(`/sign-in?token=${tenantId}.${newId()}.${'b'.repeat(32)}`);
    expect(await of(rig.tenantId)).toMatchObject({ status: 401, json: { code: 'AUTH_MISSING' } });
    expect(await of(newId())).toMatchObject({ status: 401, json: { code: 'AUTH_MISSING' } });
    expect((await rig.ask('/sign-in?token=short')).status).toBe(422);
  });

  it('cannot be asked for in masses: the twenty-first at once waits', async () => {
    // One more is let in each second: so many that a slow machine, too, sees the most of them refused.
    const answers = await Promise.all(Array.from({ length: 100 }, () => rig.ask('/sign-in?token=short')));
    const waiting = answers.filter((a) => a.status === 429);
    expect(waiting.length).toBeGreaterThanOrEqual(15);
    expect(waiting[0]!.json['code']).toBe('RATE_LIMITED');
    expect(waiting[0]!.headers.get('retry-after')).toBe('1');
    expect(waiting[0]!.headers.get('content-type')).toMatch('application/problem+json');
    expect((await rig.ask('/livez')).status).toBe(200);
  });
});
