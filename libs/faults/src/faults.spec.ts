import { afterEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { armFaults, faultPoint, parseFaults } from './faults.js';

afterEach(() => armFaults(''));

describe('parseFaults', () => {
  it('reads every action', () => {
    expect(parseFaults('act.after-commit=kill@1, learn.in-tx=block:800@2,a=hang,b=throw@3')).toEqual([
      { point: 'act.after-commit', action: 'kill', blockMs: 0, hit: 1 },
      { point: 'learn.in-tx', action: 'block', blockMs: 800, hit: 2 },
      { point: 'a', action: 'hang', blockMs: 0, hit: 1 },
      { point: 'b', action: 'throw', blockMs: 0, hit: 3 },
    ]);
  });

  it.each([
    'act',
    'act=explode',
    'act=kill@0',
    'act=block',
    'act=kill:5',
    'act=block:700000',
    '=kill',
    'A=kill',
  ])('refuses %s', (spec) => {
    expect(() => parseFaults(spec)).toThrow(spec);
  });
});

describe('faultPoint', () => {
  it('returns nothing while unarmed, also at other points', () => {
    expect(faultPoint('act.received')).toBeUndefined();
    armFaults('act.received=throw@1');
    expect(faultPoint('learn.received')).toBeUndefined();
  });

  it('throws at the named hit only', () => {
    armFaults('act.in-tx=throw@2');
    expect(faultPoint('act.in-tx')).toBeUndefined();
    expect(() => faultPoint('act.in-tx')).toThrow(
      expect.objectContaining({ code: 'INTERNAL', retryable: true, point: 'act.in-tx' }),
    );
    expect(faultPoint('act.in-tx')).toBeUndefined();
  });

  it('hangs', async () => {
    armFaults('act.in-tx=hang');
    const first = await Promise.race([
      faultPoint('act.in-tx'),
      new Promise((r) => setTimeout(r, 50, 'timer')),
    ]);
    expect(first).toBe('timer');
  });

  it('blocks the event loop for the time given', () => {
    armFaults('act.in-tx=block:120');
    const from = process.hrtime.bigint();
    void faultPoint('act.in-tx');
    expect(Number(process.hrtime.bigint() - from) / 1e6).toBeGreaterThanOrEqual(115);
  });

  it('kills the process once over its restarts', () => {
    const folder = mkdtempSync(join(tmpdir(), 'harto-faults-'));
    const program = `
      const { armFaults, faultPoint } = await import(${JSON.stringify(new URL('./faults.js', import.meta.url).href)});
      armFaults('act.after-commit=kill@1', ${JSON.stringify(join(folder, 'markers'))});
      await faultPoint('act.after-commit');
      console.log('survived');`;
    const run = () =>
      spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
    try {
      const first = run();
      expect([first.signal, first.stdout]).toEqual(['SIGKILL', '']);
      expect(readdirSync(join(folder, 'markers'))).toEqual(['act.after-commit@1.kill']);
      const second = run();
      expect([second.status, second.stdout]).toEqual([0, 'survived\n']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
