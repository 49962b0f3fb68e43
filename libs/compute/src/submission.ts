import { HartoError } from '@hartonomous/contracts';
import { z } from 'zod';
import { computeLimits } from './limits.js';
import { parseParams, taskTypeOf } from './registry.js';
import type { TaskType } from './task-type.js';

const chunkMode = z.discriminatedUnion('mode', [
  z.strictObject({
    mode: z.literal('time'),
    targetMs: z
      .int()
      .min(computeLimits.targetMsMin)
      .max(computeLimits.targetMsMax)
      .default(computeLimits.targetMs),
  }),
  z.strictObject({
    mode: z.literal('fixed'),
    size: z.int().min(1).max(Number.MAX_SAFE_INTEGER).default(computeLimits.classicSize),
  }),
]);

/** What a user, a program or the loop hands in. */
export const submissionSchema = z.strictObject({
  type: z.string().min(1).max(100),
  version: z.int().min(1).optional(),
  params: z.record(z.string(), z.unknown()).default({}),
  /** The same key means the same computation: it is stored once. */
  idempotencyKey: z.string().min(1).max(200),
  priority: z.int().min(-10).max(10).default(0),
  lane: z.enum(['user', 'tuning']).default('user'),
  chunk: chunkMode.default({ mode: 'time', targetMs: computeLimits.targetMs }),
  verifyShare: z.number().min(0.01).max(1).default(computeLimits.verifyShare),
});
export type Submission = z.infer<typeof submissionSchema>;

/**
 * Parses a submission and its parameters.
 * @throws HartoError INPUT_TOO_LARGE | INPUT_INVALID; nothing was stored.
 */
export function parseSubmission(value: unknown): { submission: Submission; type: TaskType; params: unknown } {
  const sizeBytes = Buffer.byteLength(JSON.stringify(value) ?? '');
  if (sizeBytes > computeLimits.submissionBytesMax) {
    throw new HartoError(
      'INPUT_TOO_LARGE',
      `a submission of ${sizeBytes} bytes exceeds ${computeLimits.submissionBytesMax}`,
    );
  }
  const parsed = submissionSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const at = issue.path.map(String).join('.') || 'submission';
    throw new HartoError('INPUT_INVALID', `${at}: ${issue.message}`, { details: { at } });
  }
  const type = taskTypeOf(parsed.data.type, parsed.data.version);
  return { submission: parsed.data, type, params: parseParams(type, parsed.data.params) };
}
