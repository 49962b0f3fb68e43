/** Where a node of the reference graph was found. */
export interface ReferenceSource {
  path: string;
  symbol: string | null;
  lineStart: number;
}

export interface Reference {
  target: number;
  type: 'uses' | 'links';
  weight: number;
}

/** Shorter names stand for too many things. */
const NAME_CHARS_MIN = 4;
/** A name that more atoms define points nowhere in particular. */
const DEFINITIONS_MAX = 6;
/** Most references of one atom. */
const REFERENCES_MAX = 200;

const identifiers = /[A-Za-z_$][\w$]{3,63}/g;
const links = /\]\(\s*<?([^)\s>#?]+)[^)]*\)/g;
const paths = /(?:[\w.@-]+\/)*[\w.@-]+\.[A-Za-z]{1,5}\b/g;

/**
 * Who refers to whom among atoms (nodes are the caller's numbers): the use of an identifier points to its
 * definitions, a Markdown link or a path to the first atom of that file. Define everything first, then ask.
 */
export class ReferenceIndex {
  private readonly definitions = new Map<string, number[]>();
  private readonly files = new Map<string, { node: number; line: number }>();
  private readonly baseNames = new Map<string, string | null>();

  define(node: number, source: ReferenceSource): void {
    const file = this.files.get(source.path);
    if (file === undefined || source.lineStart < file.line) {
      this.files.set(source.path, { node, line: source.lineStart });
    }
    if (file === undefined) {
      const base = baseName(source.path);
      this.baseNames.set(base, this.baseNames.has(base) ? null : source.path);
    }
    const name = source.symbol?.split('.').at(-1);
    if (name === undefined || name.length < NAME_CHARS_MIN) return;
    const nodes = this.definitions.get(name);
    if (nodes === undefined) this.definitions.set(name, [node]);
    else if (nodes.length <= DEFINITIONS_MAX && !nodes.includes(node)) nodes.push(node);
  }

  /** References out of a node; one name's weight of 1 is shared among its definitions, a link weighs 1. */
  referencesOf(node: number, text: string, path: string): Reference[] {
    const found = new Map<number, Reference>();
    const add = (target: number, type: Reference['type'], weight: number): void => {
      if (target === node || found.size >= REFERENCES_MAX) return;
      const before = found.get(target);
      if (before === undefined) found.set(target, { target, type, weight });
      else if (before.weight < weight) before.weight = weight;
    };
    for (const name of new Set(text.match(identifiers) ?? [])) {
      const nodes = this.definitions.get(name);
      if (nodes === undefined || nodes.length > DEFINITIONS_MAX) continue;
      for (const target of nodes) add(target, 'uses', 1 / nodes.length);
    }
    const folder = path.slice(0, path.lastIndexOf('/') + 1);
    const named = [...text.matchAll(links)].map((match) => match[1]).concat(text.match(paths) ?? []);
    for (const name of new Set(named)) {
      const target = this.fileNamed(name, folder);
      if (target !== undefined) add(target, 'links', 1);
    }
    return [...found.values()];
  }

  private fileNamed(name: string, folder: string): number | undefined {
    const near = this.files.get(resolvePath(folder + name)) ?? this.files.get(resolvePath(name));
    if (near !== undefined) return near.node;
    const byBase = name.includes('/') ? null : this.baseNames.get(name);
    return typeof byBase === 'string' ? this.files.get(byBase)?.node : undefined;
  }
}

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** `.` and `..` taken out of a relative path; what would leave the root stays at the root. */
function resolvePath(path: string): string {
  const out: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') out.pop();
    else if (part !== '' && part !== '.') out.push(part);
  }
  return out.join('/');
}
