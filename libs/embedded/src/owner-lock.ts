import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EngineStartError, reasonOf } from './engine-start-error.js';
import { isAlive, startMark } from './process-table.js';

interface Owner {
  pid: number;
  mark: string | null;
}

function read(path: string): Owner | null {
  try {
    const owner = JSON.parse(readFileSync(path, 'utf8')) as Partial<Owner>;
    return typeof owner.pid === 'number' ? { pid: owner.pid, mark: owner.mark ?? null } : null;
  } catch {
    return null;
  }
}

const isLive = (owner: Owner | null): owner is Owner =>
  owner !== null && (owner.mark === null ? isAlive(owner.pid) : startMark(owner.pid) === owner.mark);

function taken(home: string, owner: Owner): EngineStartError {
  return new EngineStartError(
    `${home} is in use by process ${owner.pid}: stop that one first (npx harto stop), or choose another folder`,
  );
}

/** Process that holds the named lock of a folder now, or null. */
export function livingOwner(home: string, name: string): number | null {
  const owner = read(join(home, name));
  return isLive(owner) ? owner.pid : null;
}

/**
 * One living owner per folder and lock name. A lock whose owner died is taken over; the loser of a race between two
 * starters sees the winner's lock and says so. Returns the release.
 */
export function takeOwnership(home: string, name: string): () => void {
  const path = join(home, name);
  const mine: Owner = { pid: process.pid, mark: startMark(process.pid) };
  const draft = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    writeFileSync(draft, JSON.stringify(mine), { mode: 0o644 });
  } catch (error) {
    throw new EngineStartError(`cannot write to ${home}: ${reasonOf(error)}`, error);
  }
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      try {
        linkSync(draft, path);
        return () => {
          const now = read(path);
          if (now?.pid === mine.pid && now.mark === mine.mark) rmSync(path, { force: true });
        };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
          throw new EngineStartError(`cannot write to ${home}: ${reasonOf(error)}`, error);
        }
      }
      const owner = read(path);
      if (isLive(owner)) throw taken(home, owner);
      setAside(path);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  throw new EngineStartError(`cannot lock ${home}: another start is going on in it`);
}

/** Removes a dead owner's lock; if a living one came between the look and the move, its lock is put back. */
function setAside(path: string): void {
  const aside = `${path}.dead.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (isLive(read(aside))) {
    try {
      linkSync(aside, path);
    } catch {
      // A third starter holds the lock by now; the next round reads it.
    }
  }
  rmSync(aside, { force: true });
}
