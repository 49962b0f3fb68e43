import { readFile, readdir, realpath, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import type { Dirent } from 'node:fs';
import { HartoError } from '@hartonomous/contracts';
import { IgnoreRules } from './ignore-rules.js';

/** A folder of sources; its files appear in the store as `prefix/relative/path`. */
export interface CorpusRoot {
  dir: string;
  prefix?: string;
}

export type WalkSkip = 'link' | 'not-a-file' | 'unreadable' | 'too-deep';

export interface WalkedFile {
  /** Path in the store. */
  path: string;
  file: string;
  /** Real path of the root that the file must stay inside. */
  root: string;
}

export interface WalkResult {
  files: WalkedFile[];
  skipped: { path: string; reason: WalkSkip }[];
}

/** Folders that hold other people's, generated or private things, unless they are a root themselves. */
const skippedFolders = new Set([
  'node_modules',
  'dist',
  '.git',
  '.hg',
  '.svn',
  '.nx',
  '.cache',
  '.hartonomous',
  'coverage',
]);

const FOLDER_DEPTH_MAX = 40;
const IGNORE_BYTES_MAX = 262_144;

/** @throws HartoError CORPUS_MISSING | CORPUS_UNREADABLE, naming the folder */
export async function resolveRoot(root: CorpusRoot): Promise<{ real: string; prefix: string }> {
  const dir = resolve(root.dir);
  try {
    const real = await realpath(dir);
    if (!(await stat(real)).isDirectory()) {
      throw new HartoError('CORPUS_MISSING', `${root.dir} is not a folder: name a folder of sources`);
    }
    await readdir(real);
    return { real, prefix: (root.prefix ?? '').replace(/^\/+|\/+$/g, '') };
  } catch (error) {
    if (error instanceof HartoError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new HartoError('CORPUS_MISSING', `there is no folder ${root.dir}`, { cause: error });
    }
    throw new HartoError('CORPUS_UNREADABLE', `${root.dir} cannot be read (${code ?? 'unknown'})`, {
      cause: error,
    });
  }
}

interface Frame {
  dir: string;
  /** Relative to the root, with a trailing slash, or empty. */
  below: string;
  rules: { base: string; rules: IgnoreRules }[];
  depth: number;
}

/**
 * Regular files of the roots, each root in path order. Links are named and never followed; ignore files, and folders
 * like node_modules and dist, are honoured without naming what they hide.
 */
export async function walkRoots(roots: readonly CorpusRoot[], signal?: AbortSignal): Promise<WalkResult> {
  const resolved = await Promise.all(roots.map(resolveRoot));
  const result: WalkResult = { files: [], skipped: [] };
  for (const { real, prefix } of resolved) {
    const named = (below: string): string => (prefix === '' ? below : `${prefix}/${below}`);
    const stack: Frame[] = [{ dir: real, below: '', rules: [], depth: 0 }];
    const files: WalkedFile[] = [];
    for (let frame = stack.pop(); frame !== undefined; frame = stack.pop()) {
      signal?.throwIfAborted();
      await walkFolder(frame, stack, {
        file: (below, file) => files.push({ path: named(below), file, root: real }),
        skip: (below, reason) => result.skipped.push({ path: named(below), reason }),
      });
    }
    files.sort((a, b) => (a.path < b.path ? -1 : 1));
    for (const file of files) result.files.push(file);
  }
  return result;
}

interface Sink {
  file(below: string, file: string): void;
  skip(below: string, reason: WalkSkip): void;
}

async function walkFolder(frame: Frame, stack: Frame[], sink: Sink): Promise<void> {
  let entries: Dirent[];
  try {
    entries = await readdir(frame.dir, { withFileTypes: true });
  } catch {
    sink.skip(frame.below, 'unreadable');
    return;
  }
  const rules = await withIgnoreFile(frame, entries);
  for (const entry of entries) {
    const below = frame.below + entry.name;
    const folder = entry.isDirectory();
    if (ignored(rules, below, folder)) continue;
    if (entry.isSymbolicLink()) sink.skip(below, 'link');
    else if (entry.isFile()) sink.file(below, join(frame.dir, entry.name));
    else if (!folder) sink.skip(below, 'not-a-file');
    else if (frame.depth >= FOLDER_DEPTH_MAX) sink.skip(below, 'too-deep');
    else if (!skippedFolders.has(entry.name)) {
      stack.push({ dir: join(frame.dir, entry.name), below: `${below}/`, rules, depth: frame.depth + 1 });
    }
  }
}

async function withIgnoreFile(frame: Frame, entries: readonly Dirent[]): Promise<Frame['rules']> {
  if (!entries.some((entry) => entry.name === '.gitignore' && entry.isFile())) return frame.rules;
  try {
    const file = join(frame.dir, '.gitignore');
    if ((await stat(file)).size > IGNORE_BYTES_MAX) return frame.rules;
    return [...frame.rules, { base: frame.below, rules: new IgnoreRules(await readFile(file, 'utf8')) }];
  } catch {
    return frame.rules;
  }
}

/** The innermost ignore file that mentions the path decides. */
function ignored(rules: Frame['rules'], below: string, folder: boolean): boolean {
  for (let i = rules.length - 1; i >= 0; i--) {
    const decision = rules[i].rules.decide(below.slice(rules[i].base.length), folder);
    if (decision !== null) return decision;
  }
  return false;
}

/** True when a real path lies inside a root. */
export const isInside = (root: string, real: string): boolean =>
  real.startsWith(root.endsWith(sep) ? root : root + sep);
