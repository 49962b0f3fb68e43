import { availableParallelism } from 'node:os';
import { HartoError, messageNames, messages, parseEnvelope } from '@hartonomous/contracts';
import type { Envelope, ServiceName } from '@hartonomous/contracts';
import { faultPoint } from '@hartonomous/faults';
import { Server } from '@nestjs/microservices';
import type { CustomTransportStrategy } from '@nestjs/microservices';
import type { Store } from '@hartonomous/store';
import { runWith, withSpan } from '@hartonomous/telemetry';
import { WaitingError } from 'bullmq';
import { isObservable, lastValueFrom } from 'rxjs';
import type { BusJob, BusWorker } from './backend.js';
import { BusContext } from './bus-context.js';
import { canaryName } from './canary.js';
import type { CanaryWatch } from './canary.js';
import { deadLetter, isTenant } from './dead-letter.js';
import { HandlerWatch } from './handler-watch.js';
import { wasReceived } from './handle-once.js';
import { lanesOf, ticketQueue } from './queue-ages.js';
import type { Queues } from './queues.js';
import { replyError, unframe } from './request.js';
import type { Reply, ReplyQueue } from './request.js';
import { settle } from './settle.js';

export interface BusLog {
  debug(fields: object, text: string): void;
  warn(fields: object, text: string): void;
}

export interface TransportOptions {
  queues: Queues;
  store: Store;
  service: ServiceName;
  /** Messages handled at once by this process. */
  concurrency?: number;
  canaries?: CanaryWatch;
  log?: BusLog;
}

const silent: BusLog = { debug: () => {}, warn: () => {} };
const stalledTooOften = 'job stalled more than allowable limit';

/**
 * Nest microservice server over a BullMQ queue: `@EventPattern<string>('loop.cycle.requested')` methods receive the
 * parsed Envelope and a BusContext; the job is done only when the handler's promise is.
 */
export class BullTransport extends Server implements CustomTransportStrategy {
  override readonly transportId = Symbol('bull');
  override readonly propagatesEventHandlerErrors = true;
  readonly #options: TransportOptions;
  readonly #log: BusLog;
  readonly #stopping = new AbortController();
  #workers: BusWorker[] = [];
  #draining = false;

  constructor(options: TransportOptions) {
    super();
    this.#options = options;
    this.#log = options.log ?? silent;
    this.initializeSerializer({});
    this.initializeDeserializer({});
  }

  /** @throws HartoError MESSAGE_NO_HANDLER, through the callback, when the catalogue and the handlers differ. */
  async listen(callback: (error?: unknown) => void): Promise<void> {
    try {
      this.#requireHandlers();
      await this.#start();
      callback();
    } catch (error) {
      callback(error);
    }
  }

  async #start(): Promise<void> {
    const { queues, service, concurrency = 4 } = this.#options;
    for (const queue of lanesOf(service)) {
      // Act computes one chunk a core in its fast lane; everything else waits for the database most of the time.
      const atOnce = queue === ticketQueue ? availableParallelism() : concurrency;
      const worker = queues.worker(queue, (job, token) => this.#process(job, token), atOnce);
      worker.on('failed', (job, error) => void this.#failed(job, error));
      await worker.waitUntilReady();
      this.#workers.push(worker);
      worker.run().catch((error: unknown) => this.#log.warn({ err: error }, 'worker ended'));
    }
  }

  #requireHandlers(): void {
    const { service } = this.#options;
    const handled = new Set(this.messageHandlers.keys());
    const owed = messageNames.filter((name) => messages[name].queue === service && name !== canaryName);
    const fault = (text: string) => new HartoError('MESSAGE_NO_HANDLER', `${service}: ${text}`);
    const missing = owed.filter((name) => !handled.has(name));
    if (missing.length > 0) throw fault(`no handler for ${missing.join(', ')}`);
    const foreign = [...handled].filter((name) => !owed.some((own) => own === name));
    if (foreign.length > 0)
      throw fault(`handler for ${foreign.join(', ')}, which this service never receives`);
    const twice = [...this.messageHandlers].filter(([, handler]) => handler.next).map(([name]) => name);
    if (twice.length > 0)
      throw fault(`two handlers for ${twice.join(', ')}: both would run again on a retry`);
  }

  async #process(job: BusJob, token?: string): Promise<unknown> {
    if (this.#draining) return giveBack(job, token);
    if (job.name === canaryName) return void this.#options.canaries?.land(job.id ?? '');
    const { store, service } = this.#options;
    const { body, replyTo } = unframe(job.data);
    try {
      const envelope = await this.#read(job, body);
      const response = await this.#inSpan(job, envelope);
      if (replyTo) await this.#reply(replyTo, { id: envelope.messageId, response });
      await faultPoint(`${service}.after-effect`);
      return undefined;
    } catch (error) {
      this.#log.debug(
        { err: error, job: job.id, message: job.name, attempt: job.attemptsMade + 1 },
        'not handled',
      );
      if (replyTo) return this.#refuseRequest(replyTo, body, error);
      return settle(store, service, job, token, error);
    }
  }

  /** What arrived is parsed by the catalogue and its tenant looked up; an answer that nobody awaits is not made. */
  async #read(job: BusJob, body: unknown): Promise<Envelope> {
    const envelope = parseEnvelope(body);
    const { service, store } = this.#options;
    if (envelope.name !== job.name || messages[envelope.name].queue !== service) {
      throw new HartoError('MESSAGE_MALFORMED', `message ${envelope.name} does not belong in this job`);
    }
    if (!(await isTenant(store, envelope.tenantId))) {
      throw new HartoError(
        'MESSAGE_FOREIGN_TENANT',
        'the message names a tenant that the store does not know',
      );
    }
    if (envelope.deadline && Date.parse(envelope.deadline) < Date.now()) {
      throw new HartoError('MESSAGE_EXPIRED', `nobody waits for ${envelope.name} any more`);
    }
    return envelope;
  }

  #inSpan(job: BusJob, envelope: Envelope): Promise<unknown> {
    const attributes = {
      'messaging.system': 'bullmq',
      'messaging.destination.name': this.#options.service,
      'messaging.message.id': envelope.messageId,
      'messaging.attempt': job.attemptsMade + 1,
      'messaging.waited_ms': Math.max(0, Date.now() - job.timestamp - (job.opts.delay ?? 0)),
      'hartonomous.tenant.id': envelope.tenantId,
      ...subjectOf(envelope),
    };
    return runWith(envelope.trace, () =>
      withSpan(envelope.name, attributes, () => this.#handle(job, envelope), {
        kind: 'consumer',
        open: true,
      }),
    );
  }

  async #handle(job: BusJob, envelope: Envelope): Promise<unknown> {
    const { service, store } = this.#options;
    await faultPoint(`${service}.received`);
    const handler = this.messageHandlers.get(envelope.name);
    if (!handler)
      throw new HartoError('MESSAGE_NO_HANDLER', `${service} has no handler for ${envelope.name}`);
    const { timeoutMs, attempts } = messages[envelope.name];
    const watch = new HandlerWatch(envelope.name, timeoutMs, this.#stopping.signal);
    const context = new BusContext({
      job,
      queue: service,
      attempt: job.attemptsMade + 1,
      attempts: job.opts.attempts ?? attempts,
      signal: () => watch.signal,
    });
    const run = async () => {
      const result: unknown = await handler(envelope, context);
      return isObservable(result) ? lastValueFrom(result, { defaultValue: undefined }) : result;
    };
    const result = await watch.over(run());
    if (!wasReceived(envelope)) {
      // A handler that had nothing to do: without the inbox row the reconciler would bring the message back.
      await store.withTenant(envelope.tenantId, (tx) => tx.inbox.receive(envelope.messageId, service));
    }
    return result;
  }

  async #refuseRequest(replyTo: ReplyQueue, body: unknown, error: unknown): Promise<unknown> {
    const id = (body as { messageId?: unknown } | null)?.messageId;
    const reply = replyError(error);
    if (typeof id === 'string') await this.#reply(replyTo, { id, error: reply });
    return { refused: reply.code };
  }

  async #reply(queue: ReplyQueue, reply: Reply): Promise<void> {
    await this.#options.queues.of(queue).add('reply', reply, { removeOnComplete: true, removeOnFail: true });
  }

  /** A job that BullMQ gave up by itself, because its worker died too often. */
  async #failed(job: BusJob | undefined, error: Error): Promise<void> {
    if (!job || error.message !== stalledTooOften) return;
    const { store, service } = this.#options;
    try {
      await deadLetter(store, service, job, new HartoError('INTERNAL', stalledTooOften));
    } catch (fault) {
      this.#log.warn({ err: fault, job: job.id }, 'dead letter not written');
    }
  }

  /** Takes no more messages; returns when those under way are done, or after `withinMs`: then they are aborted. */
  async drain(withinMs: number): Promise<boolean> {
    this.#draining = true;
    if (this.#workers.length === 0) return true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => (timer = setTimeout(resolve, withinMs, false)));
    const done = await Promise.race([
      Promise.all(this.#workers.map((worker) => worker.pause())).then(() => true),
      late,
    ]);
    clearTimeout(timer);
    if (!done) this.#stopping.abort();
    return done;
  }

  async close(): Promise<void> {
    const workers = this.#workers;
    this.#workers = [];
    await Promise.all(workers.map((worker) => worker.close(this.#stopping.signal.aborted)));
  }

  on(): never {
    throw new HartoError('FEATURE_UNAVAILABLE', 'the bus has no transport events; see `status`');
  }

  unwrap<T>(): T {
    return this.#workers[0] as T;
  }
}

function subjectOf({ refs }: Envelope): Record<string, string> {
  const { cycleId, computationId } = refs as { cycleId?: string; computationId?: string };
  if (computationId !== undefined) return { 'hartonomous.computation.id': computationId };
  return { 'hartonomous.cycle.id': cycleId ?? '' };
}

/** A paused worker that was already waiting for a job still gets the next one: another replica's turn. */
async function giveBack(job: BusJob, token?: string): Promise<never> {
  await job.moveToWait(token);
  throw new WaitingError();
}
