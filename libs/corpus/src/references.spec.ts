import { describe, expect, it } from '@jest/globals';
import { mineQueries } from './query-mining.js';
import { ReferenceIndex } from './references.js';

describe('ReferenceIndex', () => {
  const index = new ReferenceIndex();
  index.define(0, { path: 'src/lease.ts', symbol: 'Lease.renew', lineStart: 5 });
  index.define(1, { path: 'src/lease.ts', symbol: null, lineStart: 1 });
  index.define(2, { path: 'src/other.ts', symbol: 'renew', lineStart: 1 });
  index.define(3, { path: 'docs/guide.md', symbol: null, lineStart: 1 });
  for (let i = 0; i < 9; i++) index.define(10 + i, { path: `many/m${i}.ts`, symbol: 'create', lineStart: 1 });

  it('shares the use of a name among its definitions, and leaves itself out', () => {
    expect(index.referencesOf(3, 'call renew() twice: renew()', 'docs/guide.md')).toEqual([
      { target: 0, type: 'uses', weight: 0.5 },
      { target: 2, type: 'uses', weight: 0.5 },
    ]);
    expect(index.referencesOf(0, 'renew', 'src/lease.ts')).toEqual([
      { target: 2, type: 'uses', weight: 0.5 },
    ]);
  });

  it('follows links and paths to the first atom of the file', () => {
    expect(index.referencesOf(2, 'see [x](../src/lease.ts#L3)', 'docs/a.md')).toEqual([
      { target: 1, type: 'links', weight: 1 },
    ]);
    expect(index.referencesOf(2, 'in guide.md', 'x/y.md')).toEqual([{ target: 3, type: 'links', weight: 1 }]);
    expect(index.referencesOf(2, '[x](../../../../etc/passwd)', 'docs/a.md')).toEqual([]);
  });

  it('ignores names that too many atoms define', () => {
    expect(index.referencesOf(3, 'create', 'docs/guide.md')).toEqual([]);
  });
});

describe('mineQueries', () => {
  it('asks for names, doc comments and headings', () => {
    const queries = mineQueries({
      path: 'a.ts',
      symbol: 'Lease.renew',
      heading: null,
      language: 'typescript',
      kind: 'code',
      text: '/** Extends the lease before it runs out. Then more. */\nrenew() {}',
    }).map(({ query }) => query);
    expect(queries).toEqual([
      'renew',
      'where is renew',
      'how does renew work',
      'Extends the lease before it runs out',
    ]);
    const headings = mineQueries({
      path: 'a.md',
      symbol: null,
      heading: 'Rate limits',
      language: 'markdown',
      kind: 'text',
    });
    expect(headings.map(({ query, form }) => `${form}: ${query}`)).toEqual([
      'plain: Rate limits',
      'question: how does rate limits work',
    ]);
  });
});
