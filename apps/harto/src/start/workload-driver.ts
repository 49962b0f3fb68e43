import { setTimeout as sleep } from 'node:timers/promises';
import { HartoError, codeOf } from '@hartonomous/contracts';
import type { GatewayClient } from '../gateway-client.js';
import type { Workload } from './workload.js';

export interface WorkloadProgress {
  /** Answered. */
  requests: number;
  errors: number;
  /** Mean over the answered requests as this client saw them, milliseconds. */
  meanMs: number;
}

export interface DriverOptions {
  client: GatewayClient;
  workload: Workload;
  /** Askers at the same time, each waiting for its answer. */
  clients: number;
  /** Pause of an asker between answer and next question, milliseconds. */
  thinkMs: number;
  /** Told of each new kind of failure, once. */
  onFailure(text: string): void;
  signal: AbortSignal;
}

const firstRetryMs = 200;
const maxRetryMs = 5_000;
/** Kinds of failure that are told apart. */
const failuresMax = 20;
/** Failures before the first answer after which the workload is given up. */
const hopelessFailures = 40;

export interface Driver {
  progress(): WorkloadProgress;
  /** Settles after the signal, when the askers have ended; rejects when nothing was ever answered. */
  done: Promise<void>;
}

/** Asks the gateway until told to stop; a gateway that restarts is waited for. */
export function driveWorkload(options: DriverOptions): Driver {
  const { client, workload, signal } = options;
  let requests = 0;
  let errors = 0;
  let totalMs = 0;
  const failures = new Set<string>();
  const failed = (error: unknown) => {
    errors++;
    const text = error instanceof Error ? error.message : String(error);
    if (!failures.has(text) && failures.size < failuresMax) {
      failures.add(text);
      options.onFailure(text);
    }
    if (requests === 0 && errors >= hopelessFailures) {
      throw new HartoError(codeOf(error), `the workload got no answer in ${errors} attempts: ${text}`, {
        cause: error,
      });
    }
  };
  const ask = async () => {
    let retryMs = firstRetryMs;
    while (!signal.aborted) {
      const began = performance.now();
      try {
        await client.search({ limit: 10, ...workload.next() }, signal);
        requests++;
        totalMs += performance.now() - began;
        retryMs = firstRetryMs;
        await sleep(options.thinkMs, undefined, { signal });
      } catch (error) {
        if (signal.aborted) return;
        failed(error);
        await sleep(retryMs, undefined, { signal }).catch(() => {});
        retryMs = Math.min(maxRetryMs, retryMs * 2);
      }
    }
  };
  const askers = Array.from({ length: options.clients }, ask);
  const done = Promise.all(askers).then(() => {});
  done.catch(() => {});
  return { progress: () => ({ requests, errors, meanMs: requests === 0 ? 0 : totalMs / requests }), done };
}
