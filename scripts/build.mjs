// Builds the workspace: WebAssembly where its sources are newer, then every TypeScript project, then drops what has
// no source any more. Plain JavaScript for Node 20.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ScriptError, createSay, seconds } from './say.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

function files(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

export function packageFolders(at = root) {
  const groups = ['libs', 'apps'].map((group) => join(at, group)).filter((folder) => existsSync(folder));
  const members = groups.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  return [...members, join(at, 'test')].filter((path) => existsSync(join(path, 'tsconfig.json')));
}

/** A compiled file whose source was deleted would still be imported, and its tests would still run. */
export function pruneDist(at = root) {
  let pruned = 0;
  for (const folder of packageFolders(at)) {
    const dist = join(folder, 'dist');
    for (const file of files(dist)) {
      const match = /^(.*?)(?:\.d\.ts|\.js)(?:\.map)?$/.exec(relative(dist, file));
      const source = match && join(folder, 'src', match[1]);
      // A declaration without code stands for something generated.
      if (!source || existsSync(`${source}.ts`) || existsSync(`${source}.d.ts`)) continue;
      rmSync(file);
      pruned++;
      const parent = dirname(file);
      if (parent !== dist && readdirSync(parent).length === 0) rmdirSync(parent);
    }
  }
  return pruned;
}

function run(args, what) {
  const result = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.signal) throw new ScriptError(`${what} was interrupted (${result.signal})`, 130);
  if (result.status !== 0) throw new ScriptError(`${what} failed, see above`);
}

function hashOf(paths) {
  const hash = createHash('sha256');
  for (const path of [...paths].sort())
    hash.update(relative(root, path)).update('\0').update(readFileSync(path));
  return hash.digest('hex');
}

/** What a package declares (`x.d.ts` without `x.ts`) but tsc cannot make: the output of its WebAssembly build. */
const generatedBy = (folder) =>
  files(join(folder, 'src'))
    .filter((path) => path.endsWith('.d.ts'))
    .map((path) => join(folder, 'dist', relative(join(folder, 'src'), path).replace(/\.d\.ts$/, '.js')));

/** `wasm/build.mjs` of a package compiles `wasm/` into `dist/`; it runs when what it reads has changed. */
function buildWasm(say) {
  for (const folder of packageFolders()) {
    const script = join(folder, 'wasm', 'build.mjs');
    if (!existsSync(script)) continue;
    const stamp = join(folder, 'dist', '.wasm-stamp');
    const hash = hashOf(files(join(folder, 'wasm')));
    const current = existsSync(stamp) && readFileSync(stamp, 'utf8') === hash;
    if (current && generatedBy(folder).every((path) => existsSync(path))) continue;
    const began = performance.now();
    run([script], `the WebAssembly of ${relative(root, folder)}`);
    writeFileSync(stamp, hash);
    say(`compiled the WebAssembly of ${relative(root, folder)} in ${seconds(began)}`);
  }
}

export function build(say) {
  const began = performance.now();
  pruneDist();
  buildWasm(say);
  run([join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b', root], 'the build');
  const took = performance.now() - began;
  // A build with nothing to do is not news.
  if (took > 2000) say(`built in ${seconds(began)}`);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    build(createSay(process.argv));
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    console.error(error.message);
    process.exit(error.exitCode);
  }
}
