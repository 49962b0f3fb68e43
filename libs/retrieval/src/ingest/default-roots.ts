import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { CorpusRoot } from './source-walk.js';

/** Packages of the workspace that come with readable sources or documentation, and the folder that holds them. */
const packageFolders = [
  'zod/src',
  'rxjs/src',
  'bullmq/dist/esm',
  'ioredis/built',
  'commander',
  'pg/lib',
  'pino',
  'piscina',
  '@nestjs/core',
  '@nestjs/common',
  'mssql',
];

/**
 * What `npm start` takes in when nothing else is named: the repository's own sources and documents, and those of the
 * packages it is built on (those that are installed).
 */
export async function defaultCorpusRoots(repoRoot: string): Promise<CorpusRoot[]> {
  const roots: CorpusRoot[] = [{ dir: repoRoot }];
  for (const folder of packageFolders) {
    const dir = join(repoRoot, 'node_modules', folder);
    const found = await access(dir).then(
      () => true,
      () => false,
    );
    if (found) roots.push({ dir, prefix: `node_modules/${folder}` });
  }
  return roots;
}
