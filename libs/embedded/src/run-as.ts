import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { EngineStartError } from './engine-start-error.js';

/** The account PostgreSQL runs under; null stands for the one we already are. */
export interface Account {
  name: string;
  uid: number;
  gid: number;
}

/** PostgreSQL refuses root, so root lends it `postgres`, or `nobody` where that account is absent. */
export function engineAccount(): Account | null {
  if (process.getuid?.() !== 0) return null;
  const rows = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const wanted of ['postgres', 'nobody']) {
    const row = rows.find(([name]) => name === wanted);
    if (row) return { name: wanted, uid: Number(row[2]), gid: Number(row[3]) };
  }
  throw new EngineStartError(
    'PostgreSQL does not run as root, and neither an account `postgres` nor `nobody` exists: start as another user',
  );
}

/** Whether the account may use the path (`x` enter or run, `r` read, `w` write): asked of the kernel, so that ACLs count. */
export function mayUse(account: Account, path: string, right: 'x' | 'r' | 'w'): boolean {
  const asked = spawnSync('/bin/sh', ['-c', `[ -${right} "$1" ]`, 'sh', path], {
    uid: account.uid,
    gid: account.gid,
    cwd: '/',
    stdio: 'ignore',
  });
  if (asked.error) {
    throw new EngineStartError(
      `cannot start a process as ${account.name}, which PostgreSQL needs because it refuses root: start as another user`,
      asked.error,
    );
  }
  return asked.status === 0;
}
