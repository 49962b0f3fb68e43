import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { HartoError } from '@hartonomous/contracts';
import { parseFaults } from '@hartonomous/faults';
import { z } from 'zod';

const url = (...schemes: string[]) =>
  z.string().refine((text) => URL.canParse(text) && schemes.includes(new URL(text).protocol.slice(0, -1)), {
    message: `must be a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`,
  });
const storeUrl = url('postgres', 'postgresql', 'mssql');
const flag = z.enum(['0', '1']).transform((text) => text === '1');
const whole = (min: number, max: number) => z.coerce.number().int().min(min).max(max);

const faults = z.string().superRefine((text, context) => {
  try {
    parseFaults(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
  }
});

/** Every setting of a service: its environment variable is the name in capitals, its flag the name with hyphens. */
export const serviceConfigSchema = z.object({
  STORE_URL: storeUrl,
  /** Login of the plumbing (relay, keys, spans); default: as STORE_URL. */
  STORE_SYSTEM_URL: storeUrl.optional(),
  /** Login that owns the tables: index changes. */
  STORE_MAINTENANCE_URL: storeUrl.optional(),
  /** Superuser of the embedded cluster: hides indexes in replays. */
  STORE_SUPERUSER_URL: storeUrl.optional(),
  QUEUE_URL: url('postgres', 'postgresql', 'redis', 'rediss'),
  QUEUE_PREFIX: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,30}$/)
    .default('hartonomous'),
  QUEUE_LOCK_MS: whole(500, 600_000).default(30_000),
  QUEUE_STALLED_MS: whole(250, 600_000).default(15_000),
  QUEUE_ALLOW_UNSAFE: flag.default(false),
  QUEUE_CONCURRENCY: whole(1, 64).default(4),
  /** Divides every wait of the loop, never a latency. */
  LOOP_SCALE: z.coerce.number().min(1).max(10_000).default(60),
  HARTO_INSTANCE: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,60}$/)
    .default(
      `${hostname()
        .replace(/[^A-Za-z0-9_.-]/g, '_')
        .slice(0, 40)}-${process.pid}`,
    ),
  HARTO_HOME: z.string().min(1).default('.hartonomous'),
  HARTO_KILL: flag.default(false),
  HARTO_FAULTS: faults.default(''),
  HARTO_FAULTS_DIR: z.string().min(1).optional(),
  /** Ends the service when the process that started it is gone. */
  HARTO_PARENT_WATCH: flag.default(true),
  SHUTDOWN_MS: whole(100, 600_000).default(25_000),
  OTEL_EXPORTER_OTLP_ENDPOINT: url('http', 'https').optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  /** Where HTTP is served; another address than the loopback one opens the gateway to the network. */
  HOST: z
    .string()
    .refine((text) => text === 'localhost' || isIP(text) !== 0, {
      message: 'must be an IP address or localhost',
    })
    .default('127.0.0.1'),
  PORT: whole(0, 65_535).default(4280),
});

type Parsed = z.output<typeof serviceConfigSchema>;

export interface ServiceConfig {
  storeUrl: string;
  storeSystemUrl?: string;
  storeMaintenanceUrl?: string;
  storeSuperuserUrl?: string;
  queueUrl: string;
  queuePrefix: string;
  queueLockMs: number;
  queueStalledMs: number;
  queueAllowUnsafe: boolean;
  queueConcurrency: number;
  loopScale: number;
  instance: string;
  home: string;
  kill: boolean;
  faults: string;
  faultsDir?: string;
  parentWatch: boolean;
  shutdownMs: number;
  otlpEndpoint?: string;
  logLevel: Parsed['LOG_LEVEL'];
  host: string;
  port: number;
}

const invalid = (text: string) => new HartoError('CONFIG_INVALID', text);

/** Families whose every member is ours: an unknown one is a spelling mistake, and would be ignored in silence. */
const families = /^(?:STORE|QUEUE|LOOP)_[A-Z_]+$/;

/**
 * Reads settings from the environment and `--name value` flags, which win; an empty variable counts as absent.
 * @throws HartoError CONFIG_INVALID naming the setting and what it must be, in one line
 */
export function loadConfig<S extends z.ZodObject>(
  schema: S,
  env: Readonly<Record<string, string | undefined>>,
  argv: readonly string[] = [],
): z.output<S> {
  const names = new Set(Object.keys(schema.shape));
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || value === '') continue;
    if (names.has(name)) given[name] = value;
    else if (families.test(name)) throw invalid(`${name} is not a setting`);
  }
  Object.assign(given, flagsOf(argv, names));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const name = String(issue?.path[0] ?? 'configuration');
  throw invalid(given[name] === undefined ? `${name} is missing` : `${name}: ${issue?.message ?? 'invalid'}`);
}

function flagsOf(argv: readonly string[], names: ReadonlySet<string>): Record<string, string> {
  const given: Record<string, string> = {};
  for (let at = 0; at < argv.length; at++) {
    const found = /^--([a-z][a-z0-9-]*)(?:=(.*))?$/s.exec(argv[at] ?? '');
    const name = found?.[1]?.toUpperCase().replaceAll('-', '_') ?? '';
    if (!names.has(name)) throw invalid(`${argv[at]} is not a known flag`);
    const value = found?.[2] ?? argv[++at];
    if (value === undefined) throw invalid(`${argv[at - 1]} needs a value`);
    given[name] = value;
  }
  return given;
}

export function loadServiceConfig(
  env: Readonly<Record<string, string | undefined>>,
  argv: readonly string[] = [],
): ServiceConfig {
  const parsed = loadConfig(serviceConfigSchema, env, argv);
  return {
    storeUrl: parsed.STORE_URL,
    storeSystemUrl: parsed.STORE_SYSTEM_URL,
    storeMaintenanceUrl: parsed.STORE_MAINTENANCE_URL,
    storeSuperuserUrl: parsed.STORE_SUPERUSER_URL,
    queueUrl: parsed.QUEUE_URL,
    queuePrefix: parsed.QUEUE_PREFIX,
    queueLockMs: parsed.QUEUE_LOCK_MS,
    queueStalledMs: parsed.QUEUE_STALLED_MS,
    queueAllowUnsafe: parsed.QUEUE_ALLOW_UNSAFE,
    queueConcurrency: parsed.QUEUE_CONCURRENCY,
    loopScale: parsed.LOOP_SCALE,
    instance: parsed.HARTO_INSTANCE,
    home: parsed.HARTO_HOME,
    kill: parsed.HARTO_KILL,
    faults: parsed.HARTO_FAULTS,
    faultsDir: parsed.HARTO_FAULTS_DIR,
    parentWatch: parsed.HARTO_PARENT_WATCH,
    shutdownMs: parsed.SHUTDOWN_MS,
    otlpEndpoint: parsed.OTEL_EXPORTER_OTLP_ENDPOINT,
    logLevel: parsed.LOG_LEVEL,
    host: parsed.HOST,
    port: parsed.PORT,
  };
}
