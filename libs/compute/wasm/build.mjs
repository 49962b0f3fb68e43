// Compiles sieve.ts (AssemblyScript) to WebAssembly SIMD and writes it, as base64 inside a module, to
// dist/primes/sieve-binary.js, so the library itself reads no file. Run before tsc; takes about two seconds.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const wheel = [1, 7, 11, 13, 17, 19, 23, 29];

const template = await readFile(here('cross.ts'), 'utf8');
const made = new Map(
  wheel.map((q) => [`cross-${q}.ts`, template.replace('const Q: usize = 1;', `const Q: usize = ${q};`)]),
);
made.set('sieve.ts', await readFile(here('sieve.ts'), 'utf8'));
let binary;
const { error, stderr } = await asc.main(
  ['sieve.ts', '--outFile', 'sieve.wasm', '--optimizeLevel', '3', '--shrinkLevel', '0']
    .concat(['--converge', '--noAssert', '--enable', 'simd', '--runtime', 'stub', '--use', 'abort='])
    .concat(['--initialMemory', '1', '--maximumMemory', '32768']),
  {
    readFile: (name) => made.get(name) ?? null,
    writeFile: (name, contents) => {
      if (name.endsWith('.wasm')) binary = contents;
    },
    listFiles: () => [],
  },
);
if (error || !binary) {
  process.stderr.write(`${stderr.toString()}\n${error?.message ?? 'no output'}\n`);
  process.exit(1);
}
const output = here('../dist/primes/');
await mkdir(output, { recursive: true });
const text = `export const sieveBase64 =\n  '${Buffer.from(binary).toString('base64')}';\n`;
const temporary = `${output}sieve-binary.${process.pid}.tmp`;
await writeFile(temporary, text);
await rename(temporary, `${output}sieve-binary.js`);
