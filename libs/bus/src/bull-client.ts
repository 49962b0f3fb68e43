import { HartoError, messageLimits, messages, newId, parseEnvelope } from '@hartonomous/contracts';
import type { Envelope, MessageName } from '@hartonomous/contracts';
import { ClientProxy } from '@nestjs/microservices';
import type { ReadPacket, WritePacket } from '@nestjs/microservices';
import type { Store } from '@hartonomous/store';
import { carrier } from '@hartonomous/telemetry';
import type { BusWorker } from './backend.js';
import { publish } from './publish.js';
import type { Publication } from './publish.js';
import type { Queues } from './queues.js';
import { errorOf, replySchema } from './request.js';
import type { Reply, ReplyQueue } from './request.js';

export interface ClientOptions {
  queues: Queues;
  store: Store;
  /** Names the reply channel of the process: letters, digits, `-` and `_`. */
  instance: string;
  /** How long `send` waits for an answer, ms. */
  timeoutMs?: number;
}

/** What `emit` and `send` take as data: the pattern is the message's name. */
export type Outgoing = Omit<Publication, 'name' | 'deliverAt'> & { tenantId: string; deliverAt?: Date };

/**
 * `emit` writes the outbox row in a transaction of its own (inside one, use `publish`); `send` asks a `@MessagePattern`
 * handler and waits, bounded, for its answer on the process's one reply channel.
 */
export class BullClient extends ClientProxy {
  readonly #waiting = new Map<string, (reply: Reply) => void>();
  #replies: Promise<BusWorker> | null = null;

  constructor(private readonly options: ClientOptions) {
    super();
  }

  get #replyQueue(): ReplyQueue {
    return `reply-${this.options.instance.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 64)}`;
  }

  connect(): Promise<unknown> {
    return Promise.resolve();
  }

  protected async dispatchEvent<T>({ pattern, data }: ReadPacket<Outgoing>): Promise<T> {
    const { tenantId, ...message } = data;
    const name = pattern as MessageName;
    const id = await this.options.store.withTenant(tenantId, (tx) => publish(tx, { ...message, name }));
    return id as T;
  }

  protected publish(packet: ReadPacket<Outgoing>, callback: (packet: WritePacket) => void): () => void {
    const messageId = packet.data.id ?? newId();
    const timeoutMs = this.options.timeoutMs ?? messages[packet.pattern as MessageName]?.timeoutMs ?? 10_000;
    const settle = (outcome: WritePacket) => {
      clearTimeout(timer);
      if (this.#waiting.delete(messageId)) callback({ ...outcome, isDisposed: true });
    };
    const late = () => settle({ err: new HartoError('MESSAGE_EXPIRED', `no answer to ${packet.pattern}`) });
    const timer = setTimeout(late, timeoutMs);
    this.#waiting.set(messageId, (reply) =>
      settle(reply.error ? { err: errorOf(reply.error) } : { response: reply.response ?? null }),
    );
    this.#ask(packet, messageId, timeoutMs).catch((err: unknown) => settle({ err }));
    return () => {
      clearTimeout(timer);
      this.#waiting.delete(messageId);
    };
  }

  async #ask(packet: ReadPacket<Outgoing>, messageId: string, timeoutMs: number): Promise<void> {
    const { tenantId, epoch, refs } = packet.data;
    const request: Envelope = parseEnvelope({
      v: messageLimits.version,
      messageId,
      name: packet.pattern,
      tenantId,
      epoch,
      refs,
      trace: carrier(),
      deadline: new Date(Date.now() + timeoutMs).toISOString(),
    });
    this.#replies ??= this.#listen();
    // Who asks after an outage listens anew.
    this.#replies.catch(() => (this.#replies = null));
    await this.#replies;
    const options = { jobId: messageId, attempts: 1, removeOnComplete: true, removeOnFail: true };
    const queue = this.options.queues.of(messages[request.name].queue);
    await queue.add(request.name, { replyTo: this.#replyQueue, request }, options);
  }

  async #listen(): Promise<BusWorker> {
    const worker = this.options.queues.worker(
      this.#replyQueue,
      (job) => {
        const reply = replySchema.safeParse(job.data);
        if (reply.success) this.#waiting.get(reply.data.id)?.(reply.data);
        return Promise.resolve();
      },
      16,
    );
    await worker.waitUntilReady();
    void worker.run();
    return worker;
  }

  async close(): Promise<void> {
    const worker = await this.#replies;
    this.#replies = null;
    await worker?.close();
  }

  unwrap<T>(): T {
    return this.options.queues as T;
  }
}
