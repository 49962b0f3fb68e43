import { describe, expect, it } from '@jest/globals';
import { loadServiceConfig } from './config.js';

const base = { STORE_URL: 'postgres://app:pw@127.0.0.1/h', QUEUE_URL: 'redis://127.0.0.1:6379' };

describe('loadServiceConfig', () => {
  it('fills what is not given, takes empty as absent, and lets flags win', () => {
    const config = loadServiceConfig({ ...base, PORT: '', LOOP_SCALE: '2', UNRELATED: 'x' }, [
      '--loop-scale=5',
      '--port',
      '0',
    ]);
    expect(config).toMatchObject({
      storeUrl: base.STORE_URL,
      queueUrl: base.QUEUE_URL,
      queueLockMs: 30_000,
      queueStalledMs: 15_000,
      loopScale: 5,
      port: 0,
      host: '127.0.0.1',
      home: '.hartonomous',
      kill: false,
      parentWatch: true,
    });
    expect(config.instance).toMatch(/^[A-Za-z0-9_.-]+-\d+$/);
  });

  it.each([
    [{ STORE_URL: undefined }, [], 'STORE_URL is missing'],
    [{ STORE_URL: 'mysql://x' }, [], 'STORE_URL: must be a URL that begins with postgres://'],
    [{ QUEUE_URL: 'localhost' }, [], 'QUEUE_URL: must be a URL'],
    [{ QUEUE_ALOW_UNSAFE: '1' }, [], 'QUEUE_ALOW_UNSAFE is not a setting'],
    [{ LOOP_SCALE: '0' }, [], 'LOOP_SCALE: '],
    [{ LOOP_SCALE: 'fast' }, [], 'LOOP_SCALE: '],
    [{ PORT: '70000' }, [], 'PORT: '],
    [{ HOST: 'everywhere' }, [], 'HOST: must be an IP address'],
    [{ HARTO_FAULTS: 'act=explode' }, [], 'HARTO_FAULTS: fault "act=explode"'],
    [{ HARTO_KILL: 'yes' }, [], 'HARTO_KILL: '],
    [{}, ['--sclae', '3'], '--sclae is not a known flag'],
    [{}, ['3'], '3 is not a known flag'],
    [{}, ['--port'], '--port needs a value'],
  ])('refuses %j %j in one clear line', (change, argv, text) => {
    let error: unknown;
    try {
      loadServiceConfig({ ...base, ...change }, argv);
    } catch (fault) {
      error = fault;
    }
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(text) });
    expect((error as Error).message).not.toContain('\n');
    expect((error as Error).message).not.toContain('pw');
  });
});
