import { HartoError } from '@hartonomous/contracts';
import { dirname, isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** Root of the clone: this file is apps/harto/dist/config.js. */
export const repositoryRoot = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

const urlOf = (...protocols: string[]) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol.slice(0, -1)), {
    error: `must be a URL that begins with ${protocols.map((name) => `${name}://`).join(' or ')}`,
  });

const store = urlOf('postgres', 'postgresql', 'mssql').optional();

const schema = z.object({
  HARTO_HOME: z.string().min(1).default('.hartonomous'),
  HARTO_URL: urlOf('http', 'https').optional(),
  HARTO_KEY: z.string().min(1).optional(),
  HARTO_PARENT_PID: z.coerce.number().int().positive().optional(),
  STORE_URL: store,
  STORE_SYSTEM_URL: store,
  STORE_MAINTENANCE_URL: store,
  STORE_SUPERUSER_URL: store,
  QUEUE_URL: urlOf('redis', 'rediss', 'postgres', 'postgresql').optional(),
  INIT_CWD: z.string().optional(),
  PORT: z.coerce.number().int().min(1).max(65535).optional(),
});

export interface HartoConfig {
  /** Folder of this installation: data, keys, logs, run.json. */
  home: string;
  gatewayUrl: string | null;
  key: string | null;
  /** The process that must live for us to live: the npm script's. */
  parentPid: number | null;
  storeUrl: string | null;
  storeSystemUrl: string | null;
  storeMaintenanceUrl: string | null;
  storeSuperuserUrl: string | null;
  queueUrl: string | null;
  port: number | null;
  /** What relative paths of the command line start from: npm runs its scripts in the root, wherever it was called. */
  callerFolder: string;
  /** What services inherit besides what the supervisor sets. */
  inherited: Record<string, string>;
}

const inheritedNames =
  /^(?:PATH|HOME|LANG|TMPDIR|LOG_LEVEL|HARTO_KILL|HARTO_FAULTS|HARTO_FAULTS_DIR|NODE_EXTRA_CA_CERTS|OTEL_.*|QUEUE_[A-Z_]+)$/;

/** Reads the environment once; empty variables count as absent. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): HartoConfig {
  const present = Object.entries(environment).filter(([, value]) => value !== undefined && value !== '');
  const parsed = schema.safeParse(Object.fromEntries(present));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new HartoError('CONFIG_INVALID', `${issue.path.join('.')} ${issue.message}`);
  }
  const { data } = parsed;
  return {
    home: isAbsolute(data.HARTO_HOME) ? data.HARTO_HOME : resolve(repositoryRoot, data.HARTO_HOME),
    gatewayUrl: data.HARTO_URL ?? null,
    key: data.HARTO_KEY ?? null,
    parentPid: data.HARTO_PARENT_PID ?? null,
    storeUrl: data.STORE_URL ?? null,
    storeSystemUrl: data.STORE_SYSTEM_URL ?? null,
    storeMaintenanceUrl: data.STORE_MAINTENANCE_URL ?? null,
    storeSuperuserUrl: data.STORE_SUPERUSER_URL ?? null,
    queueUrl: data.QUEUE_URL ?? null,
    port: data.PORT ?? null,
    callerFolder: (data.HARTO_PARENT_PID === undefined ? undefined : data.INIT_CWD) ?? process.cwd(),
    inherited: Object.fromEntries(present.filter(([name]) => inheritedNames.test(name))) as Record<
      string,
      string
    >,
  };
}
