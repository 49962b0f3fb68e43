import { BullClient, BullTransport, CanaryWatch, openQueues, OutboxRelay } from '@hartonomous/bus';
import type { Queues } from '@hartonomous/bus';
import type { ServiceName } from '@hartonomous/contracts';
import { openStore } from '@hartonomous/store';
import type { Store } from '@hartonomous/store';
import { startTelemetry } from '@hartonomous/telemetry';
import type { Telemetry } from '@hartonomous/telemetry';
import { Bus } from './bus.js';
import { systemClock } from './clock.js';
import type { Clock } from './clock.js';
import type { ServiceConfig } from './config.js';
import { Health } from './health.js';
import { KillSwitch } from './kill-switch.js';
import type { Logger } from './logger.js';

/** Everything a service stands on, opened in order and closed in the reverse one. */
export interface Parts {
  name: ServiceName;
  config: ServiceConfig;
  log: Logger;
  clock: Clock;
  store: Store;
  telemetry: Telemetry;
  queues: Queues;
  relay: OutboxRelay;
  transport: BullTransport;
  client: BullClient;
  bus: Bus;
  killSwitch: KillSwitch;
  health: Health;
}

/** Lines of one kind that may be written in ten seconds: an outage raises hundreds of equal errors a second. */
const sameLineMs = 10_000;

function sparse(log: Logger, text: string): (error: unknown) => void {
  const last = new Map<string, number>();
  return (error) => {
    const key = error instanceof Error ? error.message.slice(0, 80) : String(error).slice(0, 80);
    const nowMs = performance.now();
    if (nowMs - (last.get(key) ?? -Infinity) < sameLineMs) return;
    if (last.size > 100) last.clear();
    last.set(key, nowMs);
    log.warn({ err: error }, text);
  };
}

const openQueuesOf = (config: ServiceConfig, log: Logger): Promise<Queues> =>
  openQueues({
    url: config.queueUrl,
    prefix: config.queuePrefix,
    allowUnsafe: config.queueAllowUnsafe,
    settings: { lockMs: config.queueLockMs, stalledMs: config.queueStalledMs },
    onError: sparse(log, 'queue'),
  });

export async function openParts(name: ServiceName, config: ServiceConfig, log: Logger): Promise<Parts> {
  const clock = systemClock;
  const store = await openStore({
    url: config.storeUrl,
    systemUrl: config.storeSystemUrl,
    maintenanceUrl: config.storeMaintenanceUrl,
    superuserUrl: config.storeSuperuserUrl,
    applicationName: `hartonomous-${name}`,
  });
  try {
    const queues = await openQueuesOf(config, log);
    const telemetry = await startTelemetry({
      service: name,
      instance: config.instance,
      store,
      otlpEndpoint: config.otlpEndpoint,
      onError: sparse(log, 'spans not stored'),
    });
    const canaries = new CanaryWatch();
    const relay = new OutboxRelay({ store, queues, service: name, onError: sparse(log, 'relay') });
    const transport = new BullTransport({
      queues,
      store,
      service: name,
      concurrency: config.queueConcurrency,
      canaries,
      log,
    });
    const client = new BullClient({ queues, store, instance: config.instance });
    return {
      name,
      config,
      log,
      clock,
      store,
      telemetry,
      queues,
      relay,
      transport,
      client,
      bus: new Bus({ store, service: name }, relay, client, queues),
      killSwitch: new KillSwitch({ store, clock, home: config.home, forced: config.kill }),
      health: new Health({ queues, canaries, service: name, clock }),
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Last things last: what was committed is published, spans are written, then the connections go. */
export async function closeParts(parts: Parts): Promise<void> {
  const { log } = parts;
  const steps: [string, () => Promise<void>][] = [
    ['reply channel', () => parts.client.close()],
    ['relay', () => parts.relay.stop()],
    ['spans', () => parts.telemetry.shutdown()],
    ['queues', () => parts.queues.close()],
    ['store', () => parts.store.close()],
  ];
  for (const [step, close] of steps) {
    await close().catch((err: unknown) => log.warn({ err, step }, 'not closed cleanly'));
  }
}
