import { HartoError, codeOf, errorCodes } from '@hartonomous/contracts';
import type { ErrorCode } from '@hartonomous/contracts';
import { z } from 'zod';

/** The frame around an envelope whose sender waits for an answer. */
const requestSchema = z.strictObject({
  replyTo: z.string().regex(/^reply-[A-Za-z0-9_-]{1,64}$/),
  request: z.unknown(),
});

export const replySchema = z.strictObject({
  id: z.uuid(),
  response: z.unknown().optional(),
  error: z
    .strictObject({ code: z.string().max(60), message: z.string().max(2_000), retryable: z.boolean() })
    .optional(),
});
export type Reply = z.infer<typeof replySchema>;
export type ReplyQueue = `reply-${string}`;

/** The envelope of a job, and where its answer goes. */
export function unframe(data: unknown): { body: unknown; replyTo: ReplyQueue | null } {
  // Every hop passes here, few are requests: the schema is for those that claim to be one.
  const claims = typeof data === 'object' && data !== null && 'replyTo' in data;
  if (!claims) return { body: data, replyTo: null };
  const framed = requestSchema.safeParse(data);
  if (!framed.success) return { body: data, replyTo: null };
  return { body: framed.data.request, replyTo: framed.data.replyTo as ReplyQueue };
}

export function replyError(error: unknown): NonNullable<Reply['error']> {
  const code = codeOf(error);
  const known = error instanceof HartoError;
  return {
    code,
    message: known ? error.message.slice(0, 2_000) : 'internal error',
    retryable: known ? error.retryable : false,
  };
}

export function errorOf(reply: NonNullable<Reply['error']>): HartoError {
  const code = Object.hasOwn(errorCodes, reply.code) ? (reply.code as ErrorCode) : 'INTERNAL';
  return new HartoError(code, reply.message, { retryable: reply.retryable });
}
