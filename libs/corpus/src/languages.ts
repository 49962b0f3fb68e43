import type { AtomKind } from '@hartonomous/contracts';

/** How a language's units are found. */
export type Structure = 'braces' | 'indent' | 'sql' | 'markdown' | 'json' | 'blocks';

/** Lexical rules that decide what is code and what is comment or string. */
export interface Lexis {
  lineComments: readonly string[];
  blockComment: readonly [open: string, close: string] | null;
  /** Delimiters of one-line strings with backslash escapes. */
  quotes: readonly string[];
  /** Delimiters of strings that run over lines. */
  longQuotes: readonly string[];
  /** JavaScript: templates with substitutions, and regular expression literals. */
  script: boolean;
  /** PostgreSQL: $tag$ ... $tag$. */
  dollarQuotes: boolean;
}

export interface Language {
  name: string;
  kind: AtomKind;
  structure: Structure;
  lexis: Lexis;
}

const lexis = (over: Partial<Lexis>): Lexis => ({
  lineComments: ['//'],
  blockComment: ['/*', '*/'],
  quotes: ['"', "'"],
  longQuotes: [],
  script: false,
  dollarQuotes: false,
  ...over,
});

const cLike = lexis({});
const script = lexis({ script: true });
const hash = lexis({ lineComments: ['#'], blockComment: null });
const plain = lexis({ lineComments: [], blockComment: null, quotes: [] });

const language = (name: string, kind: AtomKind, structure: Structure, rules: Lexis): Language => ({
  name,
  kind,
  structure,
  lexis: rules,
});

const languages: Record<string, Language> = {
  typescript: language('typescript', 'code', 'braces', script),
  javascript: language('javascript', 'code', 'braces', script),
  java: language('java', 'code', 'braces', lexis({ longQuotes: ['"""'] })),
  csharp: language('csharp', 'code', 'braces', cLike),
  kotlin: language('kotlin', 'code', 'braces', lexis({ longQuotes: ['"""'] })),
  c: language('c', 'code', 'braces', cLike),
  cpp: language('cpp', 'code', 'braces', cLike),
  go: language('go', 'code', 'braces', lexis({ longQuotes: ['`'] })),
  // A lone apostrophe in Rust is a lifetime, so character literals are left unmasked.
  rust: language('rust', 'code', 'braces', lexis({ quotes: [], longQuotes: ['"'] })),
  python: language(
    'python',
    'code',
    'indent',
    lexis({ lineComments: ['#'], blockComment: null, longQuotes: ['"""', "'''"] }),
  ),
  sql: language(
    'sql',
    'code',
    'sql',
    lexis({ lineComments: ['--'], quotes: [], longQuotes: ["'", '"'], dollarQuotes: true }),
  ),
  shell: language('shell', 'code', 'blocks', hash),
  yaml: language('yaml', 'code', 'blocks', hash),
  toml: language('toml', 'code', 'blocks', hash),
  css: language('css', 'code', 'blocks', cLike),
  html: language('html', 'code', 'blocks', plain),
  dockerfile: language('dockerfile', 'code', 'blocks', hash),
  json: language('json', 'text', 'json', plain),
  markdown: language('markdown', 'text', 'markdown', plain),
  text: language('text', 'text', 'blocks', plain),
};

/** Names of all languages that `detectLanguage` can answer. */
export const languageNames: readonly string[] = Object.keys(languages);

const byExtension: Record<string, string> = {
  ts: 'typescript',
  mts: 'typescript',
  cts: 'typescript',
  tsx: 'typescript',
  js: 'javascript',
  mjs: 'javascript',
  cjs: 'javascript',
  jsx: 'javascript',
  java: 'java',
  cs: 'csharp',
  kt: 'kotlin',
  c: 'c',
  cc: 'cpp',
  cpp: 'cpp',
  cxx: 'cpp',
  hpp: 'cpp',
  hh: 'cpp',
  go: 'go',
  rs: 'rust',
  py: 'python',
  pyi: 'python',
  sql: 'sql',
  sh: 'shell',
  bash: 'shell',
  yml: 'yaml',
  yaml: 'yaml',
  toml: 'toml',
  css: 'css',
  scss: 'css',
  html: 'html',
  htm: 'html',
  json: 'json',
  jsonc: 'json',
  md: 'markdown',
  markdown: 'markdown',
  mdx: 'markdown',
  txt: 'text',
  rst: 'text',
  adoc: 'text',
};

const byName: Record<string, string> = {
  dockerfile: 'dockerfile',
  makefile: 'text',
  license: 'text',
  notice: 'text',
  authors: 'text',
  readme: 'text',
  changelog: 'text',
  '.gitignore': 'text',
};

/**
 * The language of a file of a source tree, by name and content; null for a name that is not known to hold text.
 * @param path relative, with forward slashes
 * @param text the decoded file (its first 4 KiB are looked at)
 */
export function detectLanguage(path: string, text: string): Language | null {
  const base = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  const dot = base.lastIndexOf('.');
  const extension = dot > 0 ? base.slice(dot + 1) : '';
  const head = text.slice(0, 4096);
  if (extension === 'h') {
    return /^\s*(class|namespace|template|using)\b/m.test(head) ? languages.cpp : languages.c;
  }
  const named = byExtension[extension] ?? byName[base];
  if (named !== undefined) return languages[named];
  return extension === '' ? byShebang(head) : null;
}

function byShebang(head: string): Language | null {
  const words = /^#!\s*(\S+(?:[ \t]+\S+)*)/.exec(head)?.[1].split(/[ \t]+/) ?? [];
  const names = words.map((word) => word.slice(word.lastIndexOf('/') + 1).replace(/[\d.]+$/, ''));
  const program = names[0] === 'env' ? names.slice(1).find((name) => !name.startsWith('-')) : names[0];
  if (program === 'node' || program === 'deno' || program === 'bun') return languages.javascript;
  if (program === 'python') return languages.python;
  return program === 'sh' || program === 'bash' || program === 'zsh' ? languages.shell : null;
}

/** The language of that name, or null. */
export const languageNamed = (name: string): Language | null =>
  Object.hasOwn(languages, name) ? languages[name] : null;
