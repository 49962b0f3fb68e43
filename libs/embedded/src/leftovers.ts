import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineStartError } from './engine-start-error.js';
import { commandOf, isAlive, processesIn } from './process-table.js';

/** Milliseconds a leftover server gets for a fast, then for an immediate shutdown. */
const fastMs = 20_000;
const immediateMs = 5_000;
/** Within which a backend at rest notices that its postmaster is dead. */
const noticeMs = 300;

function postmasterPid(dataDir: string): number | null {
  try {
    const pid = Number.parseInt(readFileSync(join(dataDir, 'postmaster.pid'), 'utf8'), 10);
    return pid > 0 ? pid : null;
  } catch {
    return null;
  }
}

function clusterProcesses(dataDir: string): number[] {
  if (process.platform === 'linux') return processesIn(dataDir);
  const pid = postmasterPid(dataDir);
  return pid !== null && isAlive(pid) && (commandOf(pid) ?? '').includes(dataDir) ? [pid] : [];
}

function signal(pids: number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') continue;
      throw new EngineStartError(
        `a PostgreSQL of an earlier start (process ${pid}) belongs to another user: end it, then start again`,
        error,
      );
    }
  }
}

async function gone(dataDir: string, withinMs: number): Promise<boolean> {
  const until = performance.now() + withinMs;
  while (clusterProcesses(dataDir).length > 0) {
    if (performance.now() > until) return false;
    await sleep(25);
  }
  return true;
}

/** The server's own ways out: fast, then immediate. */
async function endServer(dataDir: string, postmaster: number): Promise<boolean> {
  signal([postmaster], 'SIGINT');
  if (await gone(dataDir, fastMs)) return true;
  signal([postmaster], 'SIGQUIT');
  return gone(dataDir, immediateMs);
}

/** Processes whose postmaster is dead: they leave when they notice, and are told as it would have told them. */
async function endOrphans(dataDir: string): Promise<boolean> {
  if (await gone(dataDir, noticeMs)) return true;
  signal(clusterProcesses(dataDir), 'SIGQUIT');
  return gone(dataDir, immediateMs);
}

/**
 * Ends what a crash of our own process left running on this data folder, gently first. Write-ahead logging makes each
 * way safe. Call it only as the folder's owner.
 */
export async function endLeftovers(dataDir: string, log: (line: string) => void): Promise<void> {
  const found = clusterProcesses(dataDir);
  if (found.length > 0) {
    const recorded = postmasterPid(dataDir);
    const postmaster = recorded !== null && found.includes(recorded) ? recorded : null;
    log(`ending a PostgreSQL that an earlier start left running (process ${postmaster ?? found[0]})`);
    const ended = await (postmaster === null ? endOrphans(dataDir) : endServer(dataDir, postmaster));
    if (!ended) {
      signal(clusterProcesses(dataDir), 'SIGKILL');
      if (!(await gone(dataDir, immediateMs))) {
        throw new EngineStartError(`a PostgreSQL of an earlier start does not end: end process ${found[0]}`);
      }
    }
  }
  // Its number may belong to a stranger by now, which PostgreSQL would take for a running server.
  rmSync(join(dataDir, 'postmaster.pid'), { force: true });
}
