import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pruneDist } from '../build.mjs';
import { commandsIn, findCycle, importsOf, tidy } from '../tidy.mjs';

const root = mkdtempSync(join(tmpdir(), 'harto-tidy-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function put(path, text) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), typeof text === 'string' ? text : JSON.stringify(text));
}

function pack(folder, layer, dependencies = {}) {
  const name = `@hartonomous/${folder.split('/')[1]}`;
  const exports = layer === 'app' ? {} : { '.': './dist/index.js' };
  put(`${folder}/package.json`, { name, exports, dependencies, nx: { tags: [`layer:${layer}`] } });
}

describe('tidy', () => {
  it('finds every kind of import that the layers forbid, and nothing else', async () => {
    put('package.json', { scripts: { start: 'x', test: 'x', 'test:faults': 'x' } });
    pack('libs/geometry', 'pure', { '@hartonomous/store': '0.1.0' });
    pack('libs/store', 'adapter', { '@hartonomous/geometry': '0.1.0' });
    pack('apps/act', 'app', { '@hartonomous/store': '0.1.0', '@hartonomous/learn': '0.1.0' });
    pack('apps/learn', 'app');
    put(
      'libs/geometry/src/point.ts',
      "import { readFileSync } from 'node:fs';\nimport type { Store } from '@hartonomous/store';\n",
    );
    put(
      'libs/geometry/src/point.spec.ts',
      "import { readFileSync } from 'node:fs';\nimport '@hartonomous/store';\n",
    );
    put(
      'libs/store/src/index.ts',
      "export { x } from '@hartonomous/geometry';\nexport const y = await import('./more.js');\n",
    );
    put('libs/store/src/utils.ts', '');
    put('libs/store/src/badName.ts', '');
    put(
      'apps/act/src/main.ts',
      "import '@hartonomous/learn';\nimport { a } from '@hartonomous/store/src/deep.js';\n",
    );
    put(
      'apps/act/src/out.ts',
      "import '../../learn/src/main.js';\nimport '@hartonomous/geometry';\nimport '@hartonomous/nothing';\n",
    );
    put('README.md', 'Run `npm start`, then\n```sh\nnpm run test:faults\nnpm run benhc -- x\n```\n');
    const complaints = (await tidy(root)).map((line) =>
      line.replace('@hartonomous/', '@h/').replace(/;.*$/, ''),
    );
    expect(complaints.toSorted()).toEqual(
      [
        'README.md: `npm run benhc` is not a script of package.json',
        'apps/act/src/main.ts: a app package may not import @h/learn (app)',
        'apps/act/src/main.ts: deep import @h/learn',
        'apps/act/src/main.ts: deep import @h/store/src/deep.js',
        'apps/act/src/out.ts: ../../learn/src/main.js leaves the package',
        'apps/act/src/out.ts: @h/geometry is not a dependency of @hartonomous/act',
        'apps/act/src/out.ts: @h/nothing is no package of this workspace',
        'libs/geometry/src/point.ts: a pure package may not import @h/store (adapter)',
        'libs/geometry/src/point.ts: a pure package may not import node:fs',
        'libs/store/src/badName.ts: file names are kebab-case',
        'libs/store/src/utils.ts: the name `utils` says nothing',
        'packages depend on each other in a circle: @h/geometry -> @hartonomous/store -> @hartonomous/geometry',
      ].toSorted(),
    );
  });

  it('sees imports of every form, and no text that only looks like one', () => {
    const text = [
      "import a, { b } from 'one';",
      "import type {\n  C,\n} from 'two';",
      "export * from 'three';",
      "import 'four';",
      "const d = await import('five');",
      "const text = `import x from 'no'`;",
      "// import y from 'never';",
    ].join('\n');
    expect(importsOf(text)).toEqual(['one', 'two', 'three', 'four', 'five']);
  });

  it('names a circle, and none where two ways lead to one place', () => {
    expect(
      findCycle(
        new Map([
          ['a', ['b', 'c']],
          ['b', ['d']],
          ['c', ['d']],
          ['d', []],
        ]),
      ),
    ).toBeNull();
    expect(
      findCycle(
        new Map([
          ['a', ['b']],
          ['b', ['c']],
          ['c', ['b']],
        ]),
      ),
    ).toEqual(['b', 'c', 'b']);
  });

  it('reads commands from code, not from prose', () => {
    const text =
      'npm run nothing\n```\nnpx harto actions list --state Kept\nnpm test\n```\nor `npx harto search "x"`';
    expect(commandsIn(text)).toEqual({ npm: ['test'], harto: [['actions', 'list'], ['search']] });
  });
});

describe('pruning', () => {
  it('removes what lost its source and keeps what is generated or not compiled', () => {
    put('libs/p/tsconfig.json', {});
    put('libs/p/src/kept.ts', '');
    put('libs/p/src/generated.d.ts', '');
    for (const name of [
      'kept.js',
      'kept.d.ts',
      'kept.js.map',
      'generated.js',
      'page.html',
      'gone/old.js',
      'gone/old.d.ts',
    ]) {
      put(`libs/p/dist/${name}`, '');
    }
    expect(pruneDist(root)).toBe(2);
    expect(pruneDist(root)).toBe(0);
  });
});
