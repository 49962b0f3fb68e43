import { createHash } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { EngineStartError, reasonOf } from './engine-start-error.js';
import { engineAccount, mayUse } from './run-as.js';
import type { Account } from './run-as.js';

/** Where root keeps what the lent account must reach. */
const systemFolder = '/var/lib/hartonomous';

export interface Place {
  /** The caller's folder, with links resolved: password, lock, port. */
  home: string;
  /** Holds the data folder; the account owns it. */
  base: string;
  dataDir: string;
  /** Holds a copy of the programs when those in node_modules cannot be reached. */
  sharedFolder: string;
  account: Account | null;
}

/** Data of an earlier start keeps its owner: root goes on as that user, anyone else may not. */
function accountFor(dataDir: string): Account | null {
  const account = engineAccount();
  const owner = statSync(dataDir, { throwIfNoEntry: false });
  if (!owner || process.getuid === undefined) return account;
  if (account)
    return owner.uid === 0 ? account : { name: `user ${owner.uid}`, uid: owner.uid, gid: owner.gid };
  if (owner.uid === process.getuid()) return null;
  throw new EngineStartError(
    `${dataDir} belongs to another user (${owner.uid}): start as that user, or choose another folder`,
  );
}

function make(folder: string, account: Account | null): void {
  try {
    mkdirSync(folder, { recursive: true });
    if (account) {
      chownSync(folder, account.uid, account.gid);
      chmodSync(folder, 0o700);
    }
  } catch (error) {
    throw new EngineStartError(`cannot write to ${folder}: ${reasonOf(error)}`, error);
  }
}

/**
 * Chooses the data folder: below `home`, or, when root's lent account cannot get there, below
 * `/var/lib/hartonomous/<hash of home>`.
 */
export function preparePlace(wanted: string): Place {
  try {
    mkdirSync(wanted, { recursive: true });
  } catch (error) {
    throw new EngineStartError(`cannot write to ${wanted}: ${reasonOf(error)}`, error);
  }
  const home = realpathSync(wanted);
  const near = join(home, 'postgres');
  const account = accountFor(join(near, 'data'));
  if (account === null || mayUse(account, home, 'x')) {
    make(near, account);
    return { home, base: near, dataDir: join(near, 'data'), sharedFolder: systemFolder, account };
  }
  const hash = createHash('sha256').update(home).digest('hex').slice(0, 16);
  const base = join(systemFolder, hash);
  if (!existsSync(systemFolder)) make(systemFolder, null);
  make(base, account);
  if (!mayUse(account, base, 'w')) {
    throw new EngineStartError(`${account.name} cannot enter ${base}: make its parent folders mode 755`);
  }
  return { home, base, dataDir: join(base, 'data'), sharedFolder: systemFolder, account };
}

/** The data folder of a home where a cluster has been initialised, or null. Creates nothing. */
export function findData(home: string): string | null {
  const resolved = existsSync(home) ? realpathSync(home) : home;
  const hash = createHash('sha256').update(resolved).digest('hex').slice(0, 16);
  const places = [join(resolved, 'postgres', 'data'), join(systemFolder, hash, 'data')];
  return places.find((dataDir) => existsSync(join(dataDir, 'PG_VERSION'))) ?? null;
}
