import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join, sep } from 'node:path';
import { ScriptError, seconds } from './say.mjs';

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

function stampOf(root) {
  const hash = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')));
  return `${hash.digest('hex')} ${process.platform}-${process.arch}`;
}

/** What npm recorded in node_modules against the lockfile: also true after someone's own `npm ci`. */
function matchesLockfile(root) {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const wanted = readJson(join(root, 'package-lock.json')).packages;
  const present = readJson(record).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const found = present[path];
    if (!found) return entry.optional === true;
    return found.version === entry.version && found.integrity === entry.integrity;
  });
}

function isInstalled(root, stampFile) {
  if (!existsSync(join(root, 'node_modules', 'typescript', 'package.json'))) return false;
  const stamp = stampOf(root);
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return true;
  if (!matchesLockfile(root)) return false;
  writeFileSync(stampFile, stamp);
  return true;
}

/** A Node outside node_modules: `npm ci` deletes the one inside while it works. */
export function nodeOutside(root) {
  const inside = join(root, 'node_modules') + sep;
  if (!process.execPath.startsWith(inside)) return process.execPath;
  const folders = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !`${folder}${sep}`.startsWith(inside));
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? process.execPath;
}

/** The npm that called us, by its own file, so that no other one on the PATH is taken. */
function npmCommand(root) {
  const file = process.env.npm_execpath;
  return file && /npm-cli\.[cm]?js$/.test(file) ? [nodeOutside(root), [file]] : ['npm', []];
}

/** Runs `npm ci` unless node_modules already is what package-lock.json says. */
export function ensureInstalled(root, say) {
  const stampFile = join(root, 'node_modules', '.harto-stamp');
  if (isInstalled(root, stampFile)) return;
  try {
    accessSync(root, constants.W_OK);
  } catch {
    throw new ScriptError(`cannot install: ${root} is not writable for this user`);
  }
  const began = performance.now();
  say('installing packages (npm ci) ...');
  const [command, prefix] = npmCommand(root);
  const flags = [
    'ci',
    '--loglevel=error',
    '--no-audit',
    '--no-fund',
    '--no-progress',
    '--include=dev',
    '--include=optional',
  ];
  const run = spawnSync(command, [...prefix, ...flags], { cwd: root, stdio: ['ignore', 2, 2] });
  if (run.signal) throw new ScriptError(`npm ci was interrupted (${run.signal})`, 130);
  if (run.status !== 0) {
    const why = run.error ? run.error.message : `exit ${run.status}`;
    throw new ScriptError(
      `npm ci failed (${why}), see above: is the npm registry reachable and the disk not full?`,
    );
  }
  writeFileSync(stampFile, stampOf(root));
  say(`installed packages in ${seconds(began)}`);
}
