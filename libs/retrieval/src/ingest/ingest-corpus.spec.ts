import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestStore, type TestStore } from '@hartonomous/store/testing';
import { createTestFolder, removeTestFolder } from '@hartonomous/testing';
import { copyTestCorpus, describeCorpus } from '../testing/test-corpus.js';
import type { IngestOptions, IngestResult } from './ingest-corpus.js';
import { ingestCorpus } from './ingest-corpus.js';

let test: TestStore;
let folder: string;
let tenants = 0;

beforeAll(async () => {
  test = await openTestStore();
  folder = createTestFolder();
});

afterAll(async () => {
  removeTestFolder(folder);
  await test.close();
});

const newTenant = async (): Promise<string> =>
  (await test.store.withSystem('test', (tx) => tx.tenants.ensure(`ingest-${tenants++}`))).id;

const ingest = (tenantId: string, dir: string, over: Partial<IngestOptions> = {}): Promise<IngestResult> =>
  ingestCorpus({ store: test.store, tenantId, corpus: 'test', roots: [{ dir }], ...over });

function tree(name: string, files: Record<string, string | Buffer>): string {
  const root = join(folder, name);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

const source = (name: string): string =>
  `/** Explains ${name}. */\nexport function ${name}() {\n  return work('${name}');\n}\n`;

describe('ingestCorpus', () => {
  it('reads a real tree, twice the same, and gives every atom a place', async () => {
    const root = copyTestCorpus(folder);
    const tenantId = await newTenant();
    const first = await ingest(tenantId, root);
    expect(first.atoms).toBeGreaterThan(500);
    expect(first).toMatchObject({
      written: first.atoms,
      placed: first.atoms,
      removed: 0,
      unchanged: 0,
      skippedFiles: [{ path: 'contracts/index.ts', reason: 'no-content' }],
    });
    expect(first.map?.sample).toBe(first.atoms);
    const before = await describeCorpus(test.store, tenantId);
    expect(before.some((line) => line.includes('nowhere'))).toBe(false);

    const again = await ingest(tenantId, root);
    expect(again).toMatchObject({
      files: first.files,
      unchanged: first.files,
      atoms: first.atoms,
      written: 0,
      known: 0,
      placed: 0,
      map: null,
    });
    expect(await describeCorpus(test.store, tenantId)).toEqual(before);

    // The same files elsewhere, for another tenant: the same atoms and places.
    const copy = join(folder, 'elsewhere');
    cpSync(root, copy, { recursive: true });
    const other = await newTenant();
    await ingest(other, copy);
    expect(await describeCorpus(test.store, other)).toEqual(before);
  });

  it('ended in the middle and run again, it ends in the same state', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 230 }, (_, i) => [`src/f${i}.ts`, source(`makeThing${i}`)]),
    );
    const root = tree('interrupted', files);
    const whole = await newTenant();
    await ingest(whole, root);
    const tenantId = await newTenant();
    const stops = [
      { phase: 'ingest', done: 150 },
      { phase: 'ingest', done: 215 },
      { phase: 'place', done: 1 },
    ];
    for (const stop of stops) {
      const controller = new AbortController();
      const onProgress: IngestOptions['onProgress'] = ({ phase, done }) => {
        if (phase === stop.phase && done >= stop.done) controller.abort(new Error('stop here'));
      };
      const run = ingest(tenantId, root, { signal: controller.signal, onProgress });
      if (stop.phase === 'ingest') await expect(run).rejects.toThrow('stop here');
      else await run.catch(() => undefined);
    }
    const last = await ingest(tenantId, root);
    expect(last.files).toBe(230);
    expect(await describeCorpus(test.store, tenantId)).toEqual(await describeCorpus(test.store, whole));
  });

  it('follows changed, moved and removed files', async () => {
    const root = tree('changing', {
      'a.ts': source('alphaOne'),
      'b.ts': source('betaTwo'),
      'c.ts': source('gammaThree'),
    });
    const tenantId = await newTenant();
    await ingest(tenantId, root);
    writeFileSync(join(root, 'a.ts'), source('alphaOne') + '\n' + source('alphaFour'));
    unlinkSync(join(root, 'b.ts'));
    renameSync(join(root, 'c.ts'), join(root, 'moved.ts'));
    const result = await ingest(tenantId, root);
    expect(result).toMatchObject({ files: 2, unchanged: 0, removed: 2, atoms: 3, written: 1 });
    const paths = (await describeCorpus(test.store, tenantId)).map((line) =>
      line.split(' ').slice(0, 3).join(' '),
    );
    expect(paths).toEqual([
      'a.ts:1-4 code alphaOne',
      'a.ts:6-9 code alphaFour',
      'moved.ts:1-4 code gammaThree',
    ]);
  });

  it('keeps equal content once, with both of its places', async () => {
    const root = tree('twice', { 'one.ts': source('sharedThing'), 'two.ts': source('sharedThing') });
    const tenantId = await newTenant();
    expect(await ingest(tenantId, root)).toMatchObject({ files: 2, atoms: 1 });
    expect(await describeCorpus(test.store, tenantId)).toHaveLength(2);
    rmSync(join(root, 'one.ts'));
    expect(await ingest(tenantId, root)).toMatchObject({ atoms: 1, released: 0, removed: 1 });
    rmSync(join(root, 'two.ts'));
    expect(await ingest(tenantId, root)).toMatchObject({ atoms: 0, released: 1, removed: 1 });
  });

  it('reads everything anew when another version of the parser made it', async () => {
    const tenantId = await newTenant();
    const root = tree('outdated', { 'a.ts': source('outdatedThing') });
    await ingest(tenantId, root);
    const before = await describeCorpus(test.store, tenantId);
    await test.store.withTenant(tenantId, (tx) =>
      tx.settings.set('ingestion.parser.test', 'corpus-0', 'test'),
    );
    expect(await ingest(tenantId, root)).toMatchObject({
      unchanged: 0,
      removed: 1,
      released: 1,
      written: 1,
      placed: 1,
    });
    expect(await describeCorpus(test.store, tenantId)).toEqual(before);
  });

  it('leaves other corpora of the tenant alone', async () => {
    const tenantId = await newTenant();
    await ingest(tenantId, tree('left', { 'x.ts': source('leftThing') }), { corpus: 'left' });
    const result = await ingest(tenantId, tree('right', { 'y.ts': source('rightThing') }), {
      corpus: 'right',
    });
    expect(result).toMatchObject({ files: 1, removed: 0, atoms: 2 });
  });

  it('names what it does not take, and why', async () => {
    const outside = tree('outside', {
      'secret.ts': source('secretThing'),
      'deep/more.ts': source('moreSecret'),
    });
    const root = tree('mixed', {
      'good.ts': source('goodThing'),
      'binary.ts': Buffer.from([1, 0, 2, 0]),
      'latin.md': Buffer.from([0x68, 0xe9, 0x21]),
      'huge.md': Buffer.alloc(1_100_000, 'word '),
      'empty.ts': '',
      'picture.png': Buffer.from([0x89, 0x50]),
      '.gitignore': '*.log\n/private/\n!keep.log\n',
      'noise.log': 'noise',
      'private/hidden.ts': source('hiddenThing'),
      'sub/private/shown.ts': source('shownThing'),
      'node_modules/p/index.ts': source('foreignThing'),
      'dist/built.ts': source('builtThing'),
    });
    symlinkSync(join(outside, 'secret.ts'), join(root, 'link.ts'));
    symlinkSync(join(outside, 'deep'), join(root, 'linked'));
    const tenantId = await newTenant();
    const result = await ingest(tenantId, root);
    expect(Object.fromEntries(result.skippedFiles.map(({ path, reason }) => [path, reason]))).toEqual({
      'binary.ts': 'binary',
      'latin.md': 'not-utf8',
      'huge.md': 'too-large',
      'empty.ts': 'empty',
      'picture.png': 'not-utf8',
      'link.ts': 'link',
      linked: 'link',
    });
    const symbols = (await describeCorpus(test.store, tenantId)).map((line) => line.split(' ')[2]);
    expect(symbols).toEqual(expect.arrayContaining(['goodThing', 'shownThing']));
    expect(symbols.join()).not.toMatch(/secret|hidden|foreign|built/i);
  });

  it('refuses a missing folder before it changes anything', async () => {
    const tenantId = await newTenant();
    const root = tree('present', { 'a.ts': source('presentThing') });
    await ingest(tenantId, root);
    const roots = [{ dir: join(folder, 'nowhere') }];
    await expect(ingest(tenantId, root, { roots })).rejects.toMatchObject({ code: 'CORPUS_MISSING' });
    await expect(ingest(tenantId, root, { roots: [{ dir: join(root, 'a.ts') }] })).rejects.toMatchObject({
      code: 'CORPUS_MISSING',
    });
    expect(await describeCorpus(test.store, tenantId)).toHaveLength(1);
  });
});
