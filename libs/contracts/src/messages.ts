import { z } from 'zod';
import { verdicts, type ServiceName } from './enums.js';

const id = z.uuid();

/** Bounds that every message and job obeys. */
export const messageLimits = { bytesMax: 64 * 1024, version: 1 } as const;

interface MessageSpec<S extends z.ZodType = z.ZodType> {
  schema: S;
  queue: ServiceName;
  /** Each lane of a service has its own queue and workers: computations and cycles never wait for each other. */
  lane: 'loop' | 'compute';
  attempts: number;
  backoffMs: number;
  timeoutMs: number;
}

function message<S extends z.ZodType>(
  queue: ServiceName,
  schema: S,
  limits: Partial<Pick<MessageSpec, 'lane' | 'attempts' | 'backoffMs' | 'timeoutMs'>> = {},
): MessageSpec<S> {
  return { schema, queue, lane: 'loop', attempts: 5, backoffMs: 500, timeoutMs: 120_000, ...limits };
}

const computation = z.strictObject({ computationId: id });
const computing = { lane: 'compute', attempts: 10 } as const;

/**
 * The catalogue: name -> schema of the references, consuming queue, delivery limits.
 * Messages are past-tense facts that carry ids; the rows are the truth.
 */
export const messages = {
  'loop.cycle.requested': message('analyze', z.strictObject({ cycleId: id })),
  'loop.observation.recorded': message('hypothesize', z.strictObject({ cycleId: id, observationId: id })),
  'loop.hypotheses.ranked': message(
    'act',
    z.strictObject({ cycleId: id, hypothesisIds: z.array(id).max(16) }),
  ),
  'loop.evidence.block.due': message(
    'act',
    z.strictObject({ cycleId: id, actionId: id, blockNo: z.int().min(0).max(10_000) }),
  ),
  'loop.action.concluded': message(
    'learn',
    z.strictObject({ cycleId: id, actionId: id.nullable(), verdict: z.enum(verdicts).nullable() }),
  ),
  'loop.action.parked': message(
    'learn',
    z.strictObject({ cycleId: id, actionId: id, reason: z.string().min(1).max(200) }),
  ),
  'loop.action.unkeep.requested': message(
    'act',
    z.strictObject({ cycleId: id, actionId: id, reason: z.string().min(1).max(200) }),
  ),
  'loop.action.decided': message(
    'act',
    z.strictObject({
      cycleId: id,
      actionId: id,
      decision: z.enum(['approve', 'reject', 'revert']),
      principalId: id,
    }),
  ),
  'loop.cycle.learned': message('gateway', z.strictObject({ cycleId: id })),
  'compute.submitted': message('analyze', computation, computing),
  'compute.wave.drained': message('analyze', computation, computing),
  'compute.state.assessed': message('hypothesize', computation, computing),
  'compute.chunk.due': message('act', computation, { ...computing, timeoutMs: 180_000 }),
  'compute.chunk.completed': message(
    'learn',
    z.strictObject({
      computationId: id,
      chunkNo: z.int().min(0).max(100_000),
      outcome: z.enum(['done', 'failed', 'released']),
    }),
    computing,
  ),
  'compute.ended': message('gateway', computation, computing),
  'service.canary.sent': message('gateway', z.strictObject({ sentAt: z.iso.datetime() }), { attempts: 1 }),
} as const;

export type MessageName = keyof typeof messages;
export type MessageRefs<N extends MessageName> = z.infer<(typeof messages)[N]['schema']>;

export type QueueName = ServiceName | `${ServiceName}-compute`;

/** Queue that a message travels in. */
export function queueNameOf(name: MessageName): QueueName {
  const { queue, lane } = messages[name];
  return lane === 'compute' ? `${queue}-compute` : queue;
}

export const messageNames = Object.keys(messages) as MessageName[];

export const envelopeSchema = z.strictObject({
  v: z.int(),
  messageId: id,
  name: z.string().max(100),
  tenantId: id,
  /** Fencing epoch of the row the message is about; a handler's writes are refused when the row moved on. */
  epoch: z.int().min(0),
  refs: z.record(z.string(), z.unknown()),
  /** W3C trace context of the sender. */
  trace: z.record(z.string(), z.string().max(512)).optional(),
  /** After this instant nobody waits for the answer any more. */
  deadline: z.iso.datetime().optional(),
});

export interface Envelope<N extends MessageName = MessageName> {
  v: number;
  messageId: string;
  name: N;
  tenantId: string;
  epoch: number;
  refs: MessageRefs<N>;
  trace?: Record<string, string>;
  deadline?: string;
}
