import { openQueues, type Queues } from '@hartonomous/bus';
import { codeOf, HartoError } from '@hartonomous/contracts';
import { computeLimits, isTerminal } from '@hartonomous/compute';
import { CONFIG, LOGGER, STORE, type Logger, type ServiceConfig } from '@hartonomous/service-kit';
import type { KeyIdentity, Store } from '@hartonomous/store';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { UnrecoverableError } from 'bullmq';
import { allows, hashKey } from '../http/identity.js';
import { Computations } from './computations.service.js';
import { showComputation, type ShownComputation } from './shown-computation.js';

/** Queue that other programs add to; on PostgreSQL its name carries the prefix, as that of every queue. */
export const publicQueue = 'compute';
const jobName = 'compute.submit';
/** Jobs whose end is awaited at once by this process. */
const awaitedMax = 200;
const lookMs = 500;

type Job = Parameters<Parameters<Queues['worker']>[1]>[0];

/**
 * Submission by a program that knows only BullMQ: the job is validated, deduplicated and stored, stays active while
 * the computation runs, reports its progress, and returns its result. A crash of this process brings the job back; the
 * idempotency key makes it find its computation again.
 */
@Injectable()
export class PublicQueue implements OnApplicationBootstrap, OnModuleDestroy {
  private queues: Queues | null = null;
  private readonly stopping = new AbortController();

  constructor(
    @Inject(STORE) private readonly store: Store,
    @Inject(CONFIG) private readonly config: ServiceConfig,
    @Inject(LOGGER) private readonly log: Logger,
    @Inject(Computations) private readonly computations: Computations,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { queueUrl, queuePrefix, queueAllowUnsafe, queueLockMs, queueStalledMs } = this.config;
    this.queues = await openQueues({
      url: queueUrl,
      prefix: queuePrefix,
      allowUnsafe: queueAllowUnsafe,
      settings: { lockMs: queueLockMs, stalledMs: queueStalledMs },
      poolMax: 4,
      onError: (error) => this.log.debug({ err: error }, 'public queue'),
    });
    const worker = this.queues.worker(publicQueue, (job) => this.process(job), awaitedMax);
    await worker.waitUntilReady();
    worker.run().catch((err: unknown) => this.log.warn({ err }, 'public queue ended'));
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    await this.queues?.close();
  }

  private async process(job: Job): Promise<unknown> {
    try {
      const who = await this.identify(job);
      const { token: _token, ...body } = job.data as Record<string, unknown>;
      const { row } = await this.computations.submit(who, body, job.id ?? null);
      return await this.follow(job, who.tenantId, row.id);
    } catch (error) {
      if (!(error instanceof HartoError) || error.retryable) throw error;
      // The sender reads the reason on its own job; trying again would end the same way.
      throw new UnrecoverableError(`${codeOf(error)}: ${error.message}`);
    }
  }

  private async identify(job: Job): Promise<KeyIdentity> {
    if (job.name !== jobName)
      throw new HartoError('INPUT_INVALID', `jobs of this queue are called ${jobName}`);
    const sizeBytes = Buffer.byteLength(JSON.stringify(job.data) ?? '');
    if (sizeBytes > computeLimits.submissionBytesMax) {
      const text = `a submission of ${sizeBytes} bytes exceeds ${computeLimits.submissionBytesMax}`;
      throw new HartoError('INPUT_TOO_LARGE', text);
    }
    const token = (job.data as { token?: unknown } | null)?.token;
    if (typeof token !== 'string') throw new HartoError('AUTH_MISSING', 'the job carries no tenant token');
    const hash = hashKey(token);
    const who = await this.store.withSystem('identify an API key', (tx) => tx.tenants.identify(hash));
    if (!who) throw new HartoError('AUTH_MISSING', 'the tenant token is unknown, expired or revoked');
    if (!allows(who.scopes, 'operator'))
      throw new HartoError('AUTH_FORBIDDEN', 'this needs the scope "operator"');
    return who;
  }

  private async follow(job: Job, tenantId: string, id: string): Promise<unknown> {
    let said = -1;
    for (;;) {
      const shown = await this.store.withTenant(tenantId, async (tx) => {
        const row = await tx.computations.get(id);
        return row && showComputation(tx, row);
      });
      if (!shown) throw new UnrecoverableError('NOT_FOUND: the computation is gone');
      if (isTerminal(shown.state)) return this.finish(job, shown);
      if (shown.progress !== said) {
        said = shown.progress;
        await job.updateProgress({ computationId: id, state: shown.state, share: said });
      }
      if (this.stopping.signal.aborted) throw new HartoError('QUEUE_UNREACHABLE', 'the gateway is stopping');
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
  }

  private async finish(job: Job, shown: ShownComputation): Promise<unknown> {
    const { id, state, result, resultHash, reason, wasted, chunks } = shown;
    if (state === 'Failed' || state === 'Cancelled')
      throw new UnrecoverableError(`${state}: ${reason ?? 'no reason'}`);
    await job.updateProgress({ computationId: id, state, share: 1 });
    return { computationId: id, state, result, resultHash, reason, wasted, chunks };
  }
}
