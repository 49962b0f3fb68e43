// `npm run check`: format, lint, types, dead code and the house rules; quick, and without any server.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pruneDist } from './build.mjs';
import { seconds } from './say.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = (name) => join(root, 'node_modules', '.bin', name);

const steps = [
  ['types', bin('tsc'), ['-b']],
  ['format', bin('prettier'), ['--check', '--cache', '--log-level', 'warn', '.']],
  ['lint', bin('oxlint'), ['--deny-warnings']],
  ['dead code', bin('knip'), ['--no-progress', '--no-config-hints']],
  ['tidy', process.execPath, [join(root, 'scripts', 'tidy.mjs')]],
  ['T-SQL', process.execPath, [join(root, 'scripts', 'check-tsql.mjs')]],
];

if (!existsSync(bin('tsc'))) {
  console.error('nothing is installed: run npm ci first');
  process.exit(1);
}
pruneDist();
const failed = [];
for (const [name, command, args] of steps) {
  const began = performance.now();
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  const ok = result.status === 0;
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name} (${seconds(began)})`);
  if (ok && name === 'T-SQL') console.log(`       ${result.stdout.trim()}`);
  if (ok) continue;
  failed.push(name);
  console.log(`${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}`.trimEnd());
}
if (failed.length > 0) {
  console.error(`check failed: ${failed.join(', ')}`);
  process.exit(1);
}
