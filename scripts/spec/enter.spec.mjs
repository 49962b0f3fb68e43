import { afterEach, describe, expect, it } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const scripts = dirname(dirname(fileURLToPath(import.meta.url)));
const folders = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A repository small enough to install in a moment: the real scripts, a compiler that only notes that it ran. */
function scratch() {
  const root = mkdtempSync(join(tmpdir(), 'harto-enter-'));
  folders.push(root);
  const put = (path, text) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  for (const name of ['say', 'install', 'exclusive', 'build', 'enter']) {
    cpSync(join(scripts, `${name}.mjs`), join(root, 'scripts', `${name}.mjs`));
  }
  const dependencies = { typescript: 'file:vendor/typescript' };
  put('vendor/typescript/package.json', JSON.stringify({ name: 'typescript', version: '1.0.0' }));
  put('vendor/typescript/bin/tsc', "require('node:fs').appendFileSync('built', 'x');");
  put('package.json', JSON.stringify({ name: 'scratch', version: '1.0.0', dependencies }));
  const packages = {
    '': { name: 'scratch', version: '1.0.0', dependencies },
    'node_modules/typescript': { resolved: 'vendor/typescript', link: true },
    'vendor/typescript': { name: 'typescript', version: '1.0.0' },
  };
  put(
    'package-lock.json',
    JSON.stringify({ name: 'scratch', version: '1.0.0', lockfileVersion: 3, requires: true, packages }),
  );
  put(
    'apps/harto/dist/main.js',
    `console.log(JSON.stringify(process.argv.slice(2)));
     const at = process.argv.indexOf('--exit');
     if (at > 0) process.exit(Number(process.argv[at + 1]));
     if (process.argv.includes('--wait')) {
       process.on('SIGTERM', () => { console.log('asked to stop'); process.exit(7); });
       setInterval(() => {}, 1000);
       console.log('waits');
     }`,
  );
  return root;
}

function enter(root, ...args) {
  const run = spawnSync(process.execPath, [join(root, 'scripts', 'enter.mjs'), ...args], {
    cwd: root,
    encoding: 'utf8',
  });
  return { code: run.status, stdout: run.stdout, stderr: run.stderr };
}

describe('enter', () => {
  it('installs once, builds, hands arguments on and brings the exit code back', () => {
    const root = scratch();
    const first = enter(root, 'start', '--exit', '5');
    expect(first.stdout).toMatch(/installing packages[\s\S]*installed packages in [\d.]+ s\n/);
    expect(first.stdout).toContain('["start","--exit","5"]');
    expect(first.code).toBe(5);
    expect(readFileSync(join(root, 'built'), 'utf8')).toBe('x');
    const second = enter(root, 'start');
    expect(second).toMatchObject({ code: 0, stdout: expect.not.stringContaining('installing') });
    writeFileSync(
      join(root, 'package-lock.json'),
      `${readFileSync(join(root, 'package-lock.json'), 'utf8')} \n`,
    );
    rmSync(join(root, 'node_modules', '.package-lock.json'));
    expect(enter(root, 'start').stdout).toContain('installing packages');
  });

  it('leaves standard output to the document with --json', () => {
    const run = enter(scratch(), 'start', '--json');
    expect(run.stdout).toBe('["start","--json"]\n');
    expect(run.stderr).toContain('installing packages');
  });

  it("recognises someone's own npm ci", () => {
    const root = scratch();
    spawnSync('npm', ['ci', '--loglevel=error'], { cwd: root });
    expect(existsSync(join(root, 'node_modules', '.package-lock.json'))).toBe(true);
    expect(enter(root, 'start').stdout).not.toContain('installing');
  });

  it('says in one line that it cannot install, with the reason of npm above', () => {
    const root = scratch();
    writeFileSync(join(root, 'package-lock.json'), '{"lockfileVersion": 3, "packages": {}}');
    const run = enter(root, 'start');
    expect(run.stderr).toMatch(
      /npm ci failed \(exit 1\), see above: is the npm registry reachable and the disk not full\?\n$/,
    );
    expect(run.code).toBe(1);
  });

  it('a failed build of a test run ends with the closing line and a failure', () => {
    const root = scratch();
    writeFileSync(join(root, 'vendor/typescript/bin/tsc'), 'process.exit(2);');
    const run = enter(root, 'test');
    expect(run.stdout).toMatch(/\n0 passed, 1 failed\n$/);
    expect(run.stderr).toContain('the build failed, see above');
    expect(run.code).toBe(1);
  });

  it('passes signals on and waits for the end', async () => {
    const root = scratch();
    const child = spawn(process.execPath, [join(root, 'scripts', 'enter.mjs'), 'start', '--wait'], {
      cwd: root,
    });
    let output = '';
    child.stdout.on('data', (text) => {
      output += text;
      if (/^waits$/m.test(output) && !child.killed) child.kill('SIGTERM');
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(output).toContain('asked to stop');
    expect(code).toBe(7);
  });

  it('refuses a mode it does not know', () => {
    expect(enter(scratch(), 'strat')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('start|bench|test'),
    });
  });

  it('two at the same time: they wait for who installs, and one of them installs', async () => {
    const root = scratch();
    // This process holds the folder until both have met it there.
    const lock = join(root, '.hartonomous', 'prepare.lock');
    mkdirSync(dirname(lock));
    writeFileSync(lock, String(process.pid));
    let waiting = 0;
    const run = () =>
      new Promise((resolve) => {
        const child = spawn(process.execPath, [join(root, 'scripts', 'enter.mjs'), 'start'], { cwd: root });
        let stdout = '';
        let waits = false;
        child.stdout.on('data', (text) => {
          stdout += text;
          if (waits || !stdout.includes(`process ${process.pid} is installing or building here`)) return;
          waits = true;
          if (++waiting === 2) rmSync(lock);
        });
        child.once('close', (code) => resolve({ code, stdout }));
      });
    const runs = await Promise.all([run(), run()]);
    expect(runs.map((row) => row.code)).toEqual([0, 0]);
    expect(waiting).toBe(2);
    expect(runs.filter((row) => row.stdout.includes('installing packages'))).toHaveLength(1);
  });
});

describe('a folder that cannot be written', () => {
  const asUser = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  // Root may write anywhere, and in a clone that only root can enter no other user can run our Node.
  const canRun = spawnSync(process.execPath, ['-v'], { cwd: '/', ...asUser }).status === 0;

  (canRun ? it : it.skip)('is named', () => {
    const root = scratch();
    chmodSync(root, 0o555);
    const run = spawnSync(process.execPath, [join(root, 'scripts', 'enter.mjs'), 'start'], {
      cwd: '/',
      encoding: 'utf8',
      ...asUser,
    });
    chmodSync(root, 0o755);
    expect(run.stderr).toMatch(/^cannot create .*\.hartonomous: EACCES/);
    expect(run.status).toBe(1);
  });
});
