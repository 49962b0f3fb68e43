// Builds the workspace: WebAssembly where its sources are newer, then every TypeScript project, then drops what has
// no source any more. Plain JavaScript for Node 20.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, rmdirSync, statSync } from 'node:fs';
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
  return ['libs', 'apps'].flatMap((group) => {
    const folder = join(at, group);
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .map((name) => join(folder, name))
      .filter((path) => existsSync(join(path, 'tsconfig.json')));
  });
}

/** A compiled file whose source was deleted would still be imported, and its tests would still run. */
export function pruneDist(at = root) {
  let pruned = 0;
  for (const folder of packageFolders(at)) {
    const dist = join(folder, 'dist');
    for (const file of files(dist)) {
      const match = /^(.*?)(?:\.d\.ts|\.js)(?:\.map)?$/.exec(relative(dist, file));
      if (!match || existsSync(join(folder, 'src', `${match[1]}.ts`))) continue;
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

const newest = (paths) => Math.max(0, ...paths.map((path) => statSync(path).mtimeMs));

/** `wasm/build.mjs` of a package compiles `wasm/` into `dist/`; it runs when a source is newer than what it made. */
function buildWasm(say) {
  for (const folder of packageFolders()) {
    const script = join(folder, 'wasm', 'build.mjs');
    if (!existsSync(script)) continue;
    const made = files(join(folder, 'dist')).filter((path) => path.endsWith('.wasm'));
    const oldest = made.length === 0 ? 0 : Math.min(...made.map((path) => statSync(path).mtimeMs));
    if (newest(files(join(folder, 'wasm'))) < oldest) continue;
    const began = performance.now();
    run([script], `the WebAssembly of ${relative(root, folder)}`);
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
