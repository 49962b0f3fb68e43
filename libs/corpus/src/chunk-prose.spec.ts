import { describe, expect, it } from '@jest/globals';
import { chunkJson, chunkMarkdown, chunkPlain, plainHeading } from './chunk-prose.js';
import { languageNamed } from './languages.js';

const outline = (units: { heading: string | null; from: number; to: number }[]): string[] =>
  units.map(({ heading, from, to }) => `${heading}:${from + 1}-${to + 1}`);

describe('chunkMarkdown', () => {
  it('cuts at headings outside fences; a heading without a body joins the next section', () => {
    const text = [
      'intro words',
      '',
      '# Top',
      '## Inner `code` [link](x)',
      'body',
      '```sh',
      '# not a heading',
      '```',
      'Under',
      '=====',
      'no blank above',
      '',
      'Real',
      '----',
      'more',
    ].join('\n');
    expect(outline(chunkMarkdown(text))).toEqual(['null:1-1', 'Inner code link:3-11', 'Real:13-15']);
  });

  it('cuts a long section into windows under the same heading', () => {
    const text = ['# Long', ...Array.from({ length: 200 }, (_, i) => (i % 10 === 0 ? '' : `line ${i}`))].join(
      '\n',
    );
    const units = chunkMarkdown(text);
    expect(units.length).toBeGreaterThan(2);
    expect(new Set(units.map(({ heading }) => heading))).toEqual(new Set(['Long']));
  });
});

describe('other prose', () => {
  it('takes underlined headings of plain text, and leaves hashes alone', () => {
    expect(outline(chunkPlain('# shell comment\nwords\n\nUsage\n=====\nrun it'))).toEqual([
      'null:1-2',
      'Usage:4-6',
    ]);
  });

  it('cuts JSON at top-level members', () => {
    const json = languageNamed('json');
    if (json === null) throw new Error('no json');
    const big = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`key${i}`, '{']));
    const text = JSON.stringify({ name: 'x', scripts: big, z: 1 }, null, 2);
    expect(outline(chunkJson(text, json))).toEqual(['null:1-34', 'z:35-36']);
  });

  it('strips marks from headings', () => {
    expect(plainHeading('**Bold** ![badge](u) <a name="x"></a>[text](url)')).toBe('Bold text');
    expect(plainHeading('  ')).toBeNull();
  });
});
