import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EngineStartError, reasonOf } from './engine-start-error.js';
import type { Place } from './place.js';

const path = (home: string) => join(home, 'postgres.password');

/** The superuser's password, or null when this folder has none yet. */
export function readPassword(home: string): string | null {
  if (!existsSync(path(home))) return null;
  try {
    return readFileSync(path(home), 'utf8').trim() || null;
  } catch (error) {
    throw new EngineStartError(`cannot read ${path(home)}: ${reasonOf(error)}`, error);
  }
}

/** 192 random bits, readable by the caller only. */
export function createPassword(home: string): string {
  const password = randomBytes(24).toString('base64url');
  writeFileSync(path(home), `${password}\n`, { mode: 0o600 });
  return password;
}

/** Lends the password to initdb in a file that only the engine's account can read, and takes it back. */
export async function withPasswordFile<T>(
  place: Place,
  password: string,
  work: (file: string) => Promise<T>,
): Promise<T> {
  const file = join(place.base, 'initial-password');
  rmSync(file, { force: true });
  writeFileSync(file, `${password}\n`, { mode: 0o600, flag: 'wx' });
  try {
    if (place.account) chownSync(file, place.account.uid, place.account.gid);
    return await work(file);
  } finally {
    rmSync(file, { force: true });
  }
}
