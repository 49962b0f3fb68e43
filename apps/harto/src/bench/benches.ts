import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BenchResult } from './bench-row.js';

export interface Bench {
  name: string;
  load(): Promise<BenchModule>;
}

export interface BenchModule {
  runBench(options: { log(line: string): void }): Promise<BenchResult[]>;
  /** The runner starts a temporary, durable cluster and sets HARTO_TEST_PG. */
  needsPostgres?: boolean;
}

interface Manifest {
  exports?: Record<string, string | { default?: string }>;
}

/** Every library that offers a `./bench` entry, under the library's name. */
export function findBenches(root: string): Bench[] {
  const libs = join(root, 'libs');
  return readdirSync(libs)
    .toSorted()
    .flatMap((name) => {
      const manifest = join(libs, name, 'package.json');
      if (!existsSync(manifest)) return [];
      const entry = (JSON.parse(readFileSync(manifest, 'utf8')) as Manifest).exports?.['./bench'];
      const file = typeof entry === 'string' ? entry : entry?.default;
      if (!file) return [];
      const url = pathToFileURL(join(libs, name, file)).href;
      return [{ name, load: async () => (await import(url)) as BenchModule }];
    });
}
