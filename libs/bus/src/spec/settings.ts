import type { QueueSettings } from '../queues.js';

/** Lost workers are noticed within seconds. */
export const quick: Partial<QueueSettings> = { lockMs: 2_000, stalledMs: 500, retryMs: 300 };
