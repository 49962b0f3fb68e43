import { HartoError } from '@hartonomous/contracts';
import { livingOwner, takeOwnership } from '@hartonomous/embedded';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** What a running installation tells the command line. */
export const runRecordSchema = z.object({
  pid: z.number(),
  startedAt: z.string(),
  console: z.string(),
  store: z.object({ kind: z.enum(['embedded', 'external']), dataDir: z.string().nullable() }),
  queue: z.string(),
  scale: z.number(),
});
export type RunRecord = z.infer<typeof runRecordSchema>;

const keysSchema = z.object({ tenantId: z.string(), keys: z.record(z.string(), z.string()) });
export type Keys = z.infer<typeof keysSchema>;

/** Logins of the running engines, for `harto doctor`: readable by the owner only, and only while they run. */
export const engineRecordSchema = z.object({
  store: z.object({
    url: z.string(),
    systemUrl: z.string().optional(),
    maintenanceUrl: z.string().optional(),
    superuserUrl: z.string().optional(),
  }),
  queueUrl: z.string(),
});
export type EngineRecord = z.infer<typeof engineRecordSchema>;

const engineFile = (home: string) => join(home, 'engines.json');
const runFile = (home: string) => join(home, 'run.json');
export const keysFile = (home: string): string => join(home, 'keys');

function read<T>(path: string, schema: z.ZodType<T>): T | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new HartoError('CONFIG_INVALID', `cannot read ${path}: permission denied for this user`, {
      cause: error,
    });
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new HartoError('CONFIG_INVALID', `${path} is damaged: remove it and start again`, { cause: error });
  }
}

/** Written whole or not at all. */
function write(path: string, document: unknown, mode: number): void {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(document, null, 2)}\n`, { mode });
  chmodSync(draft, mode);
  renameSync(draft, path);
}

export function prepareHome(home: string): void {
  try {
    mkdirSync(join(home, 'logs'), { recursive: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message.split(',', 1)[0] : String(error);
    throw new HartoError(
      'ENGINE_START_FAILED',
      `cannot write to ${home} (${reason}): choose another folder with HARTO_HOME`,
    );
  }
}

export const readRun = (home: string): RunRecord | null => read(runFile(home), runRecordSchema);
export const writeRun = (home: string, record: RunRecord): void => write(runFile(home), record, 0o644);

export const readEngines = (home: string): EngineRecord | null => read(engineFile(home), engineRecordSchema);
export const writeEngines = (home: string, record: EngineRecord): void =>
  write(engineFile(home), record, 0o600);

/** What is true only while the supervisor lives. */
export function removeRun(home: string): void {
  rmSync(runFile(home), { force: true });
  rmSync(engineFile(home), { force: true });
}

export const readKeys = (home: string): Keys | null => read(keysFile(home), keysSchema);
export const writeKeys = (home: string, keys: Keys): void => write(keysFile(home), keys, 0o600);

const runLock = 'run.lock';

/** The supervisor that runs in this folder now, or null: by its lock, since a process id alone may be a stranger's. */
export const runningSupervisor = (home: string): number | null => livingOwner(home, runLock);

/** One supervisor per folder; returns the release. */
export function claimInstallation(home: string): () => void {
  const pid = runningSupervisor(home);
  if (pid !== null) {
    throw new HartoError(
      'STATE_CONFLICT',
      `Hartonomous runs here already (process ${pid}): end it with npx harto stop`,
    );
  }
  return takeOwnership(home, runLock);
}
