import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ScriptError } from './say.mjs';

const waitMs = 15 * 60_000;

function holder(path) {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return error.code === 'EPERM' ? 'of another user' : null;
  }
}

function take(path) {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw new ScriptError(`cannot write to ${path}: ${error.message}`);
  }
}

/** Installing and building are one at a time per folder; a second start waits and says so. */
export async function exclusively(root, say, work) {
  const folder = join(root, '.hartonomous');
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new ScriptError(`cannot create ${folder}: ${error.message}`);
  }
  const path = join(folder, 'prepare.lock');
  const until = performance.now() + waitMs;
  let announced = false;
  while (!take(path)) {
    const pid = holder(path);
    if (pid === null) {
      rmSync(path, { force: true });
      continue;
    }
    if (!announced) say(`process ${pid} is installing or building here, waiting for it ...`);
    announced = true;
    if (performance.now() > until)
      throw new ScriptError(`process ${pid} holds ${path}: end it, then try again`);
    await sleep(200);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}
