// House rules that no linter knows: layers, package graph, deep imports, names, and that the README's commands exist.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const bannedNames = ['utils', 'util', 'helpers', 'helper', 'common', 'manager', 'misc'];
/** Which layers a layer may import. Testing is for specs and benches, which may also use any library. */
const mayImport = {
  contract: ['contract'],
  pure: ['pure', 'contract'],
  adapter: ['pure', 'contract', 'adapter'],
  app: ['pure', 'contract', 'adapter'],
  testing: ['pure', 'contract', 'adapter', 'testing'],
};
const ioModules =
  /^(?:node:)?(?:fs|net|http|https|http2|tls|dgram|dns|child_process|cluster|os|process)(?:\/|$)/;
/** An armed fault point kills its process and remembers over restarts that it did. */
const ioExempt = ['@hartonomous/faults'];
const ioNames = ['pg', 'mssql', 'typeorm', 'bullmq', 'ioredis', 'pino'];

function walk(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

function readPackages(root) {
  const groups = ['libs', 'apps'].map((group) => join(root, group)).filter((folder) => existsSync(folder));
  const members = groups.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  return [...members, join(root, 'test')]
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .map((folder) => {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const tag = (manifest.nx?.tags ?? []).find((text) => text.startsWith('layer:'));
      return { name: manifest.name, folder, manifest, layer: tag?.slice('layer:'.length) ?? null };
    });
}

/** Specifiers of static, dynamic and type imports; comments and strings elsewhere do not look like these. */
export function importsOf(text) {
  const patterns = [
    /^\s*(?:import|export)\s[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm,
    /^\s*import\s*['"]([^'"]+)['"]/gm,
    /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g,
  ];
  return patterns.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1]));
}

/** Code that tests or measures: it may import the testing layer and need not be declared. */
const isSupport = (file) =>
  /\.(?:spec|bench)\.ts$/.test(file) ||
  /[\\/](?:spec|bench|testing|test-support)[\\/]/.test(file) ||
  /[\\/]bench\.ts$/.test(file);

const packageOf = (specifier) => specifier.split('/').slice(0, 2).join('/');

function checkInternalImport(from, specifier, file, byName, report) {
  const name = packageOf(specifier);
  const to = byName.get(name);
  if (!to) return report(`${file}: ${name} is no package of this workspace`);
  const subpath = `.${specifier.slice(name.length)}`;
  if (!Object.hasOwn(to.manifest.exports ?? {}, subpath)) {
    report(
      `${file}: deep import ${specifier}; ${name} exports ${Object.keys(to.manifest.exports ?? {}).join(', ')}`,
    );
  }
  if (to === from || isSupport(file)) return;
  if (!mayImport[from.layer]?.includes(to.layer)) {
    report(`${file}: a ${from.layer} package may not import ${name} (${to.layer})`);
  }
  if (!Object.hasOwn(from.manifest.dependencies ?? {}, name)) {
    report(`${file}: ${name} is not a dependency of ${from.name}`);
  }
}

function checkFile(from, path, root, byName, report) {
  const file = relative(root, path);
  const stem = basename(path).replace(/\..*$/, '');
  for (const part of [...dirname(relative(from.folder, path)).split(sep), ...stem.split('-')]) {
    if (bannedNames.includes(part)) report(`${file}: the name \`${part}\` says nothing`);
  }
  if (!/^[a-z0-9]+(?:[-.][a-z0-9]+)*\.(?:ts|mjs)$/.test(basename(path)))
    report(`${file}: file names are kebab-case`);
  for (const specifier of importsOf(readFileSync(path, 'utf8'))) {
    if (specifier.startsWith('@hartonomous/')) {
      checkInternalImport(from, specifier, file, byName, report);
    } else if (specifier.startsWith('.')) {
      const target = resolve(dirname(path), specifier);
      if (!target.startsWith(from.folder + sep)) report(`${file}: ${specifier} leaves the package`);
    } else if (from.layer === 'pure' && !isSupport(file) && !ioExempt.includes(from.name)) {
      if (ioModules.test(specifier) || ioNames.includes(specifier) || specifier.startsWith('@nestjs/')) {
        report(`${file}: a pure package may not import ${specifier}`);
      }
    }
  }
}

/** A cycle in the declared dependencies, as a path of names, or null. */
export function findCycle(edges) {
  const done = new Set();
  const path = [];
  const visit = (name) => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (done.has(name)) return null;
    path.push(name);
    for (const next of edges.get(name) ?? []) {
      const cycle = visit(next);
      if (cycle) return cycle;
    }
    path.pop();
    done.add(name);
    return null;
  };
  for (const name of edges.keys()) {
    const cycle = visit(name);
    if (cycle) return cycle;
  }
  return null;
}

/** `npm run x`, `npm test`, `npm start` and `npx harto x y` in the fenced blocks and code spans of a document. */
export function commandsIn(text) {
  const code = [...text.matchAll(/```[a-z]*\n(.*?)```|`([^`\n]+)`/gs)]
    .map((match) => match[1] ?? match[2])
    .join('\n');
  const npm = [...code.matchAll(/\bnpm (?:run (?:-s |--silent )?([\w:-]+)|(start|test)\b)/g)].map(
    (m) => m[1] ?? m[2],
  );
  const harto = [...code.matchAll(/\bnpx harto\b((?: +[a-z][a-z-]*)*)/g)].map((m) =>
    m[1].trim().split(/ +/).filter(Boolean),
  );
  return { npm, harto };
}

/** The command that the words name; words behind a command without children are its arguments. */
function commandExists(program, words) {
  let at = program;
  for (const word of words) {
    if (at.commands.length === 0) return true;
    const next = at.commands.find((command) => command.name() === word || command.aliases().includes(word));
    if (!next) return at !== program && at.registeredArguments.length > 0;
    at = next;
  }
  return true;
}

async function checkDocuments(root, report) {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const built = join(root, 'apps', 'harto', 'dist', 'program.js');
  const program = existsSync(built) ? (await import(pathToFileURL(built).href)).createProgram() : null;
  for (const name of ['README.md', 'CONTRIBUTING.md', 'SPEC.md']) {
    if (!existsSync(join(root, name))) continue;
    const { npm, harto } = commandsIn(readFileSync(join(root, name), 'utf8'));
    for (const script of npm) {
      if (!Object.hasOwn(scripts, script))
        report(`${name}: \`npm run ${script}\` is not a script of package.json`);
    }
    for (const words of harto) {
      if (!program)
        report(`${name}: the command line is not built, so \`harto ${words.join(' ')}\` cannot be checked`);
      else if (!commandExists(program, words))
        report(`${name}: \`harto ${words.join(' ')}\` is not a command`);
    }
  }
}

export async function tidy(root) {
  const complaints = [];
  const report = (line) => complaints.push(line);
  const packages = readPackages(root);
  const byName = new Map(packages.map((entry) => [entry.name, entry]));
  for (const entry of packages) {
    if (!Object.hasOwn(mayImport, entry.layer ?? '')) report(`${entry.name}: nx.tags names no known layer`);
    for (const path of walk(join(entry.folder, 'src'))) {
      if (/\.(?:ts|mjs)$/.test(path)) checkFile(entry, path, root, byName, report);
    }
  }
  const internal = ({ manifest }) =>
    Object.keys(manifest.dependencies ?? {}).filter((name) => byName.has(name));
  const cycle = findCycle(new Map(packages.map((entry) => [entry.name, internal(entry)])));
  if (cycle) report(`packages depend on each other in a circle: ${cycle.join(' -> ')}`);
  await checkDocuments(root, report);
  return complaints;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const complaints = await tidy(dirname(dirname(fileURLToPath(import.meta.url))));
  for (const line of complaints) console.error(line);
  process.exitCode = complaints.length > 0 ? 1 : 0;
}
