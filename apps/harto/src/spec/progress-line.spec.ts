import { describe, expect, it } from '@jest/globals';
import { ProgressLine } from '../backup/progress-line.js';

const at = (table: string, done: number, bytes: number, step: 'write' | 'check' = 'write') => ({
  step,
  table,
  done,
  tables: 3,
  bytes,
});

/** A line over a clock that is moved by hand. */
function lineOver(isTTY: boolean) {
  let text = '';
  let ms = 0;
  const line = new ProgressLine({ isTTY, write: (part: string) => (text += part) }, () => ms);
  return { line, wait: (by: number) => (ms += by), text: () => text };
}

describe('the progress of a backup', () => {
  it('rewrites one line on a terminal and leaves nothing of it', () => {
    const { line, wait, text } = lineOver(true);
    line.update(at('atom', 0, 1_000_000));
    line.update(at('atom', 0, 2_000_000));
    wait(100);
    line.update(at('cycle', 1, 3_000_000));
    line.end();
    const first = '\rwriting atom (1 of 3), 1.0 MB';
    const second = '\rwriting cycle (2 of 3), 3.0 MB';
    expect(text()).toBe(`${first}${second}\r${' '.repeat(second.length - 1)}\r`);
  });

  it('is a line now and then elsewhere, and at each step', () => {
    const { line, wait, text } = lineOver(false);
    line.update(at('atom', 0, 0));
    wait(4_999);
    line.update(at('atom', 0, 1_000_000));
    wait(1);
    line.update(at('atom', 0, 2_000_000));
    line.update(at('atom', 0, 2_000_000, 'check'));
    line.end();
    expect(text().trimEnd().split('\n')).toEqual([
      'writing atom (1 of 3), 0.0 MB',
      'writing atom (1 of 3), 2.0 MB',
      'checking the file atom (1 of 3), 2.0 MB',
    ]);
  });
});
