import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestFolder, removeTestFolder } from '@hartonomous/testing';
import { IgnoreRules } from './ignore-rules.js';
import { readSource } from './read-source.js';
import { walkRoots } from './source-walk.js';

let folder: string;

beforeAll(() => {
  folder = createTestFolder();
  mkdirSync(join(folder, 'root/a'), { recursive: true });
  mkdirSync(join(folder, 'outside'));
  writeFileSync(join(folder, 'root/a/x.ts'), 'x');
  writeFileSync(join(folder, 'outside/secret.ts'), 'secret');
  execFileSync('/bin/sh', ['-c', 'mkfifo "$0"', join(folder, 'root/pipe.ts')]);
});

afterAll(() => removeTestFolder(folder));

describe('walkRoots', () => {
  it('names pipes, and prefixes paths', async () => {
    const walk = await walkRoots([{ dir: join(folder, 'root'), prefix: 'p/' }]);
    expect(walk.files.map(({ path }) => path)).toEqual(['p/a/x.ts']);
    expect(walk.skipped).toEqual([{ path: 'p/pipe.ts', reason: 'not-a-file' }]);
  });

  // The superuser reads everything, so there is nothing to refuse.
  (process.getuid?.() === 0 ? it.skip : it)('names a folder that cannot be read', async () => {
    mkdirSync(join(folder, 'root/closed'), { mode: 0 });
    const walk = await walkRoots([{ dir: join(folder, 'root') }]);
    expect(walk.skipped).toContainEqual({ path: 'closed/', reason: 'unreadable' });
    chmodSync(join(folder, 'root/closed'), 0o755);
  });
});

describe('readSource', () => {
  const root = (): string => join(folder, 'root');

  it('does not leave the root when a folder becomes a link', async () => {
    symlinkSync(join(folder, 'outside'), join(folder, 'root/b'));
    const read = await readSource({ path: 'b/secret.ts', file: join(root(), 'b/secret.ts'), root: root() });
    expect(read).toEqual({ ok: false, reason: 'outside-root' });
  });

  it('does not follow a link inside the root, hang on a pipe, or fail on a vanished file', async () => {
    symlinkSync(join(root(), 'a/x.ts'), join(root(), 'link.ts'));
    const reasons = await Promise.all(
      ['link.ts', 'pipe.ts', 'gone.ts'].map((name) =>
        readSource({ path: name, file: join(root(), name), root: root() }),
      ),
    );
    expect(reasons.map((read) => (read.ok ? 'read' : read.reason))).toEqual([
      'link',
      'not-a-file',
      'unreadable',
    ]);
  });
});

describe('IgnoreRules', () => {
  const rules = new IgnoreRules(
    '*.log\n!keep.log\n/build/\ndocs/**/draft?.md\n# note\nname with space\n[ab].txt\n\\!bang',
  );
  it.each([
    ['x.log', false, true],
    ['deep/x.log', false, true],
    ['keep.log', false, false],
    ['build', true, true],
    ['build', false, null],
    ['sub/build', true, null],
    ['docs/a/b/draft1.md', false, true],
    ['docs/draft1.md', false, true],
    ['docs/draft10.md', false, null],
    ['name with space', false, true],
    ['a.txt', false, true],
    ['c.txt', false, null],
    ['!bang', false, true],
  ])('%s (folder: %s) -> %s', (path, isFolder, expected) => {
    expect(rules.decide(path, isFolder)).toBe(expected);
  });

  it('stays quick on hostile patterns', () => {
    const hostile = new IgnoreRules(`${'*'.repeat(300)}b`);
    const started = performance.now();
    expect(hostile.decide('a'.repeat(200), false)).toBeNull();
    // Usually below 1 ms; with back-tracking, longer than anybody waits.
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});
