// First script of `npm start`, `npm test` and `npm run bench`. Plain JavaScript for Node 20 without dependencies:
// installs when needed, builds, then goes on under the Node that the lockfile pins.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';
import { exclusively } from './exclusive.mjs';
import { ensureInstalled } from './install.mjs';
import { ScriptError, createSay } from './say.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [mode, ...args] = process.argv.slice(2);
const say = createSay(args);
const oldestMajor = 22;

const versionOf = (node) => {
  const asked = spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' });
  return asked.status === 0 ? asked.stdout.trim() : null;
};

/** The pinned Node; where its package does not exist for this platform, a system one that is new enough. */
function chooseNode() {
  const pinned = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
  if (process.platform !== 'win32' && existsSync(pinned) && versionOf(pinned)) return pinned;
  const onPath = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'node'));
  for (const node of [process.execPath, ...onPath]) {
    if (!existsSync(node)) continue;
    const version = versionOf(node);
    if (!version || Number.parseInt(version, 10) < oldestMajor) continue;
    say(`using the system's Node ${version}: no pinned one runs on ${process.platform}-${process.arch}`);
    return node;
  }
  throw new ScriptError(
    `Node >= ${oldestMajor} is needed: the pinned one does not run on ${process.platform}-${process.arch}, and this is ${process.version}`,
  );
}

/** Runs to the end with our streams; signals are passed on, and the exit code comes back. */
function runNode(node, argv, env = {}) {
  const path = `${dirname(node)}${delimiter}${process.env.PATH ?? ''}`;
  const child = spawn(node, argv, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PATH: path, HARTO_PARENT_PID: String(process.pid), ...env },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new ScriptError(`cannot run ${node}: ${error.message}`)));
    child.once('exit', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}

async function runTests(node, set) {
  const folder = mkdtempSync(join(tmpdir(), 'harto-counts-'));
  const counts = join(folder, 'counts.json');
  const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  // A set whose servers are named nowhere may be empty; the standard one may not.
  const more = set === 'standard' ? [] : ['--passWithNoTests', '--runInBand', '--testTimeout=600000'];
  // Property tests draw the same cases in every run; `npm test -- --seed=<n>` draws others.
  if (!args.some((arg) => arg.startsWith('--seed'))) more.push('--seed=20261121');
  try {
    const code = await runNode(
      node,
      [...flags, jest, '--config', join(root, 'jest.config.mjs'), ...more, ...args],
      {
        HARTO_TEST_SET: set,
        HARTO_TEST_COUNTS: counts,
      },
    );
    return { code, line: existsSync(counts) ? readFileSync(counts, 'utf8') : null };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function test(set) {
  let line = null;
  let code = 1;
  try {
    const node = await prepare();
    ({ code, line } = await runTests(node, set));
    if (line === null) console.error('jest ended without a result, see above');
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    console.error(error.message);
    code = error.exitCode;
  }
  console.log(line ?? '0 passed, 1 failed');
  return code;
}

async function prepare() {
  await exclusively(root, say, () => {
    ensureInstalled(root, say);
    build(say);
  });
  return chooseNode();
}

const harto = async (verb) =>
  runNode(await prepare(), [join(root, 'apps', 'harto', 'dist', 'main.js'), ...verb, ...args]);

const modes = {
  start: () => harto(['start']),
  bench: async () =>
    runNode(await prepare(), [join(root, 'apps', 'harto', 'dist', 'bench', 'main.js'), ...args]),
  test: () => test('standard'),
  'test:engines': () => test('engines'),
  'test:faults': () => test('faults'),
  'test:live': () => test('live'),
};

try {
  if (!Object.hasOwn(modes, mode))
    throw new ScriptError(`usage: node scripts/enter.mjs ${Object.keys(modes).join('|')}`, 2);
  process.exitCode = await modes[mode]();
} catch (error) {
  if (!(error instanceof ScriptError)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}
