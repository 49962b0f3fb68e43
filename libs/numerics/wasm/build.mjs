// Compiles wasm/*.ts (AssemblyScript) to WebAssembly SIMD and writes it, as base64 inside a module, to
// dist/wasm/kernels-binary.js, so the library itself reads no file. Run before tsc; takes about two seconds.
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const sources = here('.');
const output = here('../dist/wasm/');

let binary;
const { error, stderr } = await asc.main(
  [
    'index.ts',
    '--baseDir',
    sources,
    '--outFile',
    'kernels.wasm',
    '--optimizeLevel',
    '3',
    '--shrinkLevel',
    '0',
  ]
    .concat(['--converge', '--noAssert', '--enable', 'simd', '--runtime', 'stub', '--use', 'abort='])
    .concat(['--initialMemory', '1', '--maximumMemory', '65536']),
  {
    writeFile: (name, contents) => {
      if (name.endsWith('.wasm')) binary = contents;
    },
  },
);
if (error || !binary) {
  process.stderr.write(`${stderr.toString()}\n${error?.message ?? 'no output'}\n`);
  process.exit(1);
}
await mkdir(output, { recursive: true });
const text = `export const kernelsBase64 =\n  '${Buffer.from(binary).toString('base64')}';\n`;
const temporary = `${output}kernels-binary.${process.pid}.tmp`;
await writeFile(temporary, text);
await rename(temporary, `${output}kernels-binary.js`);
