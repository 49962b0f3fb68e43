import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { BackupManifest, RestoreReport } from '@hartonomous/store';
import { withStoppedStore, withStore } from '../backup/embedded-store.js';
import { megabytes, ProgressLine } from '../backup/progress-line.js';
import { face } from '../command-face.js';
import { readConfig } from '../config.js';
import type { HartoConfig } from '../config.js';
import { Interruption, interruptedExit } from '../start/interruption.js';

const product = '0.1.0';

/** `backup` and `restore` of the embedded store. */
export function addBackupCommands(program: Command): void {
  face(
    program
      .command('backup')
      .description('copy the embedded store, running or not, as it is at one instant, into one checked file')
      .argument('[file]', 'hartonomous-<date>-<time>.backup in this folder without it')
      .option('--force', 'replace a file of that name'),
    ['backup', 'backup /mnt/safe/monday.backup', 'backup monday.backup --force --json'],
    async ({ output }, { force }: { force?: boolean }, given: string | undefined) => {
      const config = readConfig();
      const file = resolve(config.callerFolder, given ?? defaultName(new Date()));
      const began = performance.now();
      const manifest = await interruptible(config, async (signal, progress) => {
        const { backupPostgres } = await import('@hartonomous/store');
        return withStore(config, note, signal, ({ url }) =>
          backupPostgres({
            url,
            file,
            product,
            replace: force === true,
            signal,
            onProgress: progress.update,
          }),
        );
      });
      if (manifest === null) return;
      const seconds = (performance.now() - began) / 1000;
      output.result({ ...shown(file, manifest), seconds: Number(seconds.toFixed(3)) }, () =>
        [
          `${summary(manifest)} in ${seconds.toFixed(1)} s`,
          file,
          `put it back with: npx harto restore ${given ?? file}`,
        ].join('\n'),
      );
    },
  );
  addRestore(program);
}

interface RestoreFlags {
  force?: boolean;
  check?: boolean;
}

function addRestore(program: Command): void {
  face(
    program
      .command('restore')
      .description('put a backup in the place of the embedded store, once everything in it has been verified')
      .argument('<file>', 'made by npx harto backup')
      .option('--check', 'read the file from end to end and change nothing')
      .option('--force', 'replace the store that is there'),
    [
      'restore monday.backup',
      'restore monday.backup --check',
      'restore monday.backup --force',
      'restore monday.backup --json  # into another folder with HARTO_HOME=/srv/copy',
    ],
    async ({ output }, { force, check }: RestoreFlags, given: string) => {
      const config = readConfig();
      const file = resolve(config.callerFolder, given);
      const began = performance.now();
      if (check) {
        const { checkBackup } = await import('@hartonomous/store');
        const manifest = await checkBackup(file);
        output.result(
          shown(file, manifest),
          () => `${summary(manifest)}\nthe file is whole; nothing was changed`,
        );
        return;
      }
      const report = await interruptible(config, (signal, progress) =>
        restore(config, file, force === true, signal, progress),
      );
      if (report === null) return;
      const seconds = (performance.now() - began) / 1000;
      const { manifest, audit, applied, replaced } = report;
      output.result(
        { ...shown(file, manifest), audit, applied, replaced, seconds: Number(seconds.toFixed(3)) },
        () => restoredText(report, seconds),
      );
      if (audit.some((tenant) => tenant.brokenAt !== null)) process.exitCode = 1;
    },
  );
}

async function restore(
  config: HartoConfig,
  file: string,
  force: boolean,
  signal: AbortSignal,
  progress: ProgressLine,
): Promise<RestoreReport> {
  const { checkBackup, restorePostgres } = await import('@hartonomous/store');
  // Before an engine is started or a folder made: most mistakes are mistakes in the file.
  await checkBackup(file);
  return withStoppedStore(config, note, signal, async ({ url }) => {
    const { loginPasswords } = await import('../start/engines.js');
    const cluster = new URL(url);
    const database = cluster.pathname.slice(1);
    cluster.pathname = '/postgres';
    return restorePostgres({
      url: cluster.toString(),
      database,
      passwords: loginPasswords(config.home),
      file,
      force,
      signal,
      onProgress: progress.update,
    });
  });
}

const note = (line: string): void => void process.stderr.write(`${line}\n`);

/** Runs until it is done, or until Ctrl-C, which ends it cleanly; null then, with the exit code set. */
async function interruptible<T>(
  config: HartoConfig,
  work: (signal: AbortSignal, progress: ProgressLine) => Promise<T>,
): Promise<T | null> {
  const progress = new ProgressLine();
  const interruption = new Interruption(config.parentPid, (why) => {
    progress.end();
    note(`interrupted (${why}): nothing is left half done`);
  });
  try {
    const result = await work(interruption.signal, progress);
    progress.end();
    return result;
  } catch (error) {
    progress.end();
    const code = interruptedExit(error);
    if (code === null) throw error;
    process.exitCode = code;
    return null;
  } finally {
    interruption.dispose();
  }
}

/** In local time, as a person looks for it. */
function defaultName(now: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  const date = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  return `hartonomous-${date}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}.backup`;
}

const shown = (file: string, manifest: BackupManifest) => ({
  file,
  format: manifest.format,
  product: manifest.product,
  createdAt: manifest.createdAt,
  serverVersion: manifest.serverVersion,
  migrations: manifest.migrations,
  rows: manifest.rows,
  sizeBytes: manifest.sizeBytes,
  sha256: manifest.sha256,
  indexes: manifest.indexes.map((index) => index.name),
  tables: manifest.contents,
});

const summary = ({ contents, rows, createdAt, sizeBytes, sha256, indexes }: BackupManifest): string =>
  `${contents.length} tables, ${rows} rows, ${indexes.length} earned indexes as of ${createdAt}: ` +
  `${megabytes(sizeBytes)}, SHA-256 ${sha256.slice(0, 16)}…`;

function restoredText({ manifest, audit, applied, replaced }: RestoreReport, seconds: number): string {
  const chains = audit.map(({ tenant, rows, brokenAt }) =>
    brokenAt === null
      ? `audit log of ${tenant}: whole, ${rows} rows`
      : `audit log of ${tenant}: BROKEN at row ${brokenAt}, as it was when the backup was made`,
  );
  return [
    `${summary(manifest)}, verified in ${seconds.toFixed(1)} s`,
    ...chains,
    ...(applied.length > 0 ? [`${applied.length} newer migrations applied`] : []),
    `${replaced ? 'it has replaced the store that was here' : 'it is the store of this folder'}; start it with: npm start`,
  ].join('\n');
}
