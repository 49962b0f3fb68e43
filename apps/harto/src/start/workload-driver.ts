import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '@hartonomous/contracts';
import type { GatewayClient } from '../gateway-client.js';
import type { Workload } from './workload.js';

export interface WorkloadProgress {
  /** Answered. */
  requests: number;
  errors: number;
  /** Mean over the answered requests as this client saw them, milliseconds. */
  meanMs: number;
  lastError: string | null;
}

export interface DriverOptions {
  client: GatewayClient;
  workload: Workload;
  /** Askers at the same time, each waiting for its answer. */
  clients: number;
  /** Pause of an asker between answer and next question, milliseconds. */
  thinkMs: number;
  signal: AbortSignal;
}

const firstRetryMs = 200;
const maxRetryMs = 5_000;

export interface Driver {
  progress(): WorkloadProgress;
  /** Settles after the signal, when the askers have ended. */
  done: Promise<void>;
}

/** Asks the gateway until told to stop; a gateway that restarts is waited for. */
export function driveWorkload(options: DriverOptions): Driver {
  const { client, workload, signal } = options;
  let requests = 0;
  let errors = 0;
  let totalMs = 0;
  let lastError: string | null = null;
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
        errors++;
        lastError = `${codeOf(error)}: ${error instanceof Error ? error.message : String(error)}`;
        await sleep(retryMs, undefined, { signal }).catch(() => {});
        retryMs = Math.min(maxRetryMs, retryMs * 2);
      }
    }
  };
  const askers = Array.from({ length: options.clients }, ask);
  return {
    progress: () => ({ requests, errors, meanMs: requests === 0 ? 0 : totalMs / requests, lastError }),
    done: Promise.all(askers).then(() => {}),
  };
}
