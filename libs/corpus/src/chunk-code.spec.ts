import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { chunkCode } from './chunk-code.js';
import type { Language } from './languages.js';
import { languageNamed, languageNames } from './languages.js';
import { mask } from './mask.js';
import { ATOM_CHARS_MAX, ATOM_LINES_MAX } from './unit.js';

fc.configureGlobal({ seed: Number(process.env['HARTO_SEED'] ?? 20_261_121) || Date.now() });

const language = (name: string): Language => {
  const found = languageNamed(name);
  if (found === null) throw new Error(`no language ${name}`);
  return found;
};

/** symbol:first-last (lines from 1), for each unit that has a symbol. */
const symbols = (name: string, lines: string[]): string[] =>
  chunkCode(lines.join('\n'), language(name))
    .filter(({ symbol }) => symbol !== null)
    .map(({ symbol, from, to }) => `${symbol}:${from + 1}-${to + 1}`);

describe('chunkCode finds declarations', () => {
  it('of TypeScript, with doc comments and decorators, whatever strings and comments hold', () => {
    const lines = [
      "import { a } from './a.js';",
      '',
      '/** Adds. Second sentence. @param x one */',
      'export async function add(',
      '  x: { value: number },',
      '): Promise<{ sum: number }> {',
      '  const text = `} ${x.value ? "}" : \'{\'} {`;',
      '  return /[}]/.test(text) ? { sum: 1 } : { sum: x.value / 2 / 3 };',
      '}',
      '',
      '@Injectable({',
      "  scope: 'request',",
      '})',
      'export class Thing extends Base {',
      '  // }',
      '  run() {}',
      '}',
      'const short = 1;',
      'export const chain = z',
      '  .object({ a: 1 })',
      '  .strict();',
      'export type Wide =',
      "  | 'one'",
      "  | 'two';",
    ];
    expect(symbols('typescript', lines)).toEqual(['add:3-9', 'Thing:11-17', 'chain:19-21', 'Wide:22-24']);
    expect(chunkCode(lines.join('\n'), language('typescript'))[0].docComment).toBe(
      'Adds. Second sentence. @param x one'.split(' @')[0],
    );
  });

  it('cuts a long class into members named by it', () => {
    const method = (name: string): string[] => [
      `  /** Does ${name}. */`,
      `  ${name}(x: number): void {`,
      ...Array(20).fill('    go();'),
      '  }',
      '',
    ];
    const lines = [
      'export class Big {',
      '  private readonly field = 1;',
      '',
      ...method('first'),
      ...method('second'),
      '}',
    ];
    expect(symbols('typescript', lines)).toEqual(['Big:1-2', 'Big.first:4-26', 'Big.second:28-50']);
  });

  it('of Python by indentation, with the doc string', () => {
    const lines = [
      'import os',
      '@cached(',
      '    60,',
      ')',
      'def load(path,',
      '         strict=True):',
      '    """Load a thing.',
      '    More.',
      '    """',
      '    return os.open(path)',
      '',
      'class Small:',
      '    def a(self):',
      '        pass',
    ];
    expect(symbols('python', lines)).toEqual(['load:2-10', 'Small:12-14']);
    expect(chunkCode(lines.join('\n'), language('python'))[0].docComment).toBe('Load a thing. More.');
  });

  it.each([
    [
      'go',
      ['// Renew extends.', 'func (l *Lease) Renew(n int) error {', '\treturn nil', '}'],
      ['Lease.Renew:1-4'],
    ],
    [
      'rust',
      [
        '#[derive(Debug)]',
        "pub struct A<'a> {",
        "    x: &'a str,",
        '}',
        'impl<T> Show for Point<T> {',
        '    fn show(&self) {}',
        '}',
      ],
      ['A:1-4', 'Point:5-7'],
    ],
    [
      'java',
      ['/** Runs. */', '@Service', 'public final class Runner {', '  void run() { }', '}'],
      ['Runner:1-5'],
    ],
    ['c', ['/* Sum. */', 'static int', 'sum(int a, int b)', '{', '  return a + b;', '}'], ['sum:3-6']],
    ['cpp', ['void Store::close(bool now) {', '  if (now) { stop(); }', '}'], ['Store.close:1-3']],
    [
      'sql',
      [
        '-- Keeps places.',
        'create table if not exists app.place (',
        '  id uuid,',
        "  note text default ';'",
        ');',
        'create function f() returns int as $$',
        '  begin; select 1; end;',
        '$$ language sql;',
      ],
      ['place:1-5', 'f:6-8'],
    ],
  ])('of %s', (name, lines, expected) => {
    expect(symbols(name, lines)).toEqual(expected);
  });
});

describe('chunkCode on any input', () => {
  const pieces = [
    '{',
    '}',
    '(',
    ')',
    '"',
    "'",
    '`',
    '${',
    '/*',
    '*/',
    '//',
    '\\',
    '/',
    '\n',
    '\n\n',
    'class A ',
    'function f',
    'def f():\n  ',
    ';',
    '=',
    '$$',
    'create table t ',
    '@x',
    '"""',
    'word ',
  ];
  const source = fc.array(fc.constantFrom(...pieces), { maxLength: 120 }).map((parts) => parts.join(''));

  it.each(languageNames.map((name) => [name]))('keeps atoms apart, ordered and bounded: %s', (name) => {
    fc.assert(
      fc.property(source, (text) => {
        const lines = text.split('\n');
        let last = -1;
        for (const unit of chunkCode(text, language(name))) {
          expect(unit.from).toBeGreaterThan(last);
          expect(unit.to).toBeGreaterThanOrEqual(unit.from);
          expect(unit.to).toBeLessThan(lines.length);
          expect(unit.to - unit.from).toBeLessThan(ATOM_LINES_MAX);
          const chars = lines.slice(unit.from, unit.to + 1).join('\n').length;
          expect(unit.from === unit.to || chars <= ATOM_CHARS_MAX).toBe(true);
          last = unit.to;
        }
      }),
      { numRuns: 60 },
    );
  });

  it('masks without moving anything', () => {
    fc.assert(
      fc.property(source, fc.constantFrom(...languageNames), (text, name) => {
        const { code } = mask(text, language(name).lexis);
        expect(code).toHaveLength(text.length);
        expect(code.replace(/[^\n]/g, '')).toBe(text.replace(/[^\n]/g, ''));
        for (let i = 0; i < text.length; i++) if (code[i] !== ' ') expect(code[i]).toBe(text[i]);
      }),
    );
  });
});
