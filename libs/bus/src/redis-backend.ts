import { HartoError } from '@hartonomous/contracts';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { BusQueue, BusWorker, QueueBackend } from './backend.js';
import { unreachable } from './postgres-backend.js';

const connectTimeoutMs = 5_000;

/** Reads one field of Redis' INFO; null when it is absent. */
const field = (info: string, name: string): string | null =>
  new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? null;

/**
 * A queue that evicts or forgets jobs is refused, and so is one that cannot be asked: without the append-only file a
 * restart loses jobs with no event.
 * @throws HartoError QUEUE_UNSAFE
 */
async function requireDurable(redis: Redis): Promise<void> {
  const setting = 'set QUEUE_ALLOW_UNSAFE=1 to use it all the same';
  let info: string;
  try {
    info = `${await redis.info('persistence')}\n${await redis.info('memory')}`;
  } catch (cause) {
    throw new HartoError('QUEUE_UNSAFE', `Redis does not let its durability be checked; ${setting}`, {
      cause,
    });
  }
  if (field(info, 'aof_enabled') !== '1') {
    throw new HartoError('QUEUE_UNSAFE', `Redis runs without appendonly yes; ${setting}`);
  }
  const policy = field(info, 'maxmemory_policy');
  if (policy !== 'noeviction') {
    throw new HartoError('QUEUE_UNSAFE', `Redis has maxmemory-policy ${policy}, not noeviction; ${setting}`);
  }
}

async function connect(url: string): Promise<Redis> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: connectTimeoutMs,
    disconnectTimeout: 200,
    // BullMQ's workers block on the server: a limit would end them during an outage.
    maxRetriesPerRequest: null,
    retryStrategy: (times) => Math.min(times * 100, 1_000),
  });
  redis.on('error', () => {});
  try {
    await Promise.race([
      redis.connect(),
      new Promise((_, reject) => redis.once('error', reject)),
      new Promise((_, reject) =>
        setTimeout(() => reject(new Error('connect timed out')), connectTimeoutMs).unref(),
      ),
    ]);
    return redis;
  } catch (error) {
    redis.disconnect();
    throw unreachable(url, error);
  }
}

/** Workers block on duplicates of the connection; one that is closed by force leaves its own reconnecting for ever. */
function trackDuplicates(redis: Redis): ReadonlySet<Redis> {
  const made = new Set<Redis>();
  const duplicate = redis.duplicate.bind(redis);
  redis.duplicate = (override) => {
    const connection = duplicate(override);
    connection.on('error', () => {});
    made.add(connection);
    return connection;
  };
  return made;
}

export async function openRedisBackend(
  url: string,
  options: { prefix: string; allowUnsafe: boolean },
): Promise<QueueBackend> {
  const redis = await connect(url);
  try {
    if (!options.allowUnsafe) await requireDurable(redis);
  } catch (error) {
    redis.disconnect();
    throw error;
  }
  const { prefix } = options;
  const blocking = trackDuplicates(redis);
  return {
    engine: 'redis',
    queue: (name) => new Queue(name, { connection: redis, prefix }) as unknown as BusQueue,
    worker: (name, processor, settings) =>
      new Worker(name, processor, { connection: redis, prefix, ...settings }) as unknown as BusWorker,
    oldestReadyAt: async (queue) => {
      const [job] = await queue.getJobs(['waiting'], 0, 0, true);
      return job ? job.timestamp + (job.opts.delay ?? 0) : null;
    },
    close: async () => {
      for (const connection of blocking) connection.disconnect();
      await redis.quit().catch(() => redis.disconnect());
    },
  };
}
