import { codeOf } from '@hartonomous/contracts';
import { computeLimits, heartbeatMs, isRunnable, retryDelayMs } from '@hartonomous/compute';
import { faultPoint } from '@hartonomous/faults';
import type { Bus, Clock, KillSwitch, Logger } from '@hartonomous/service-kit';
import type { Store, TenantTransaction } from '@hartonomous/store';
import { annotate, withSpan, type SpanRef } from '@hartonomous/telemetry';
import type { ChunkPool } from './chunk-pool.js';
import { ChunkSignals, type ChunkAnswer } from './chunk-task.js';
import type { Claim } from './claim-chunk.js';
import type { VectorInputs } from './vector-inputs.js';

export interface ChunkDeps {
  store: Store;
  bus: Bus;
  clock: Clock;
  killSwitch: KillSwitch;
  pool: ChunkPool;
  inputs: VectorInputs;
  log: Logger;
}

/** How long a thread that was asked to stop may take before it is ended, ms. */
const graceMs = 500;

type Outcome =
  { kind: 'done'; answer: ChunkAnswer } | { kind: 'stopped' } | { kind: 'failed'; error: unknown };

/** Runs a leased chunk to its end, whatever that is, in a span of the computation's own trace. */
export async function runChunk(deps: ChunkDeps, claim: Claim, signal: AbortSignal): Promise<void> {
  const { chunk } = claim;
  const { traceId, spanId } = chunk.computation;
  const parent: SpanRef | undefined = traceId && spanId ? { traceId, spanId } : undefined;
  const attributes = {
    'hartonomous.computation.id': chunk.computation.id,
    'hartonomous.chunk': chunk.no,
    'hartonomous.type': chunk.computation.type,
    'hartonomous.tenant.id': claim.tenantId,
    'hartonomous.repeat': chunk.claims,
  };
  const links = parent ? [parent] : [];
  await withSpan('compute.chunk', attributes, () => runLeased(deps, claim, signal), {
    parent,
    links,
    open: true,
  });
}

async function runLeased(deps: ChunkDeps, claim: Claim, signal: AbortSignal): Promise<void> {
  const began = deps.clock.monotonicMs();
  const outcome = await compute(deps, claim, signal);
  const elapsedMs = deps.clock.monotonicMs() - began;
  annotate({ 'hartonomous.status': outcome.kind });
  await faultPoint('compute.before-store');
  if (outcome.kind === 'done') await storeResult(deps, claim, outcome.answer, elapsedMs);
  else if (outcome.kind === 'stopped') await giveBack(deps, claim, elapsedMs);
  else await storeFailure(deps, claim, outcome.error, elapsedMs);
}

async function compute(deps: ChunkDeps, claim: Claim, signal: AbortSignal): Promise<Outcome> {
  const { chunk } = claim;
  const signals = new ChunkSignals();
  const ending = new AbortController();
  const beat = heartbeat(deps, claim, signals, ending, signal);
  try {
    await faultPoint(`compute.chunk-${chunk.no}`);
    const wanted = chunk.computation.work?.input;
    const answer = await deps.pool.run(
      {
        type: chunk.computation.type,
        version: chunk.computation.version,
        params: chunk.computation.params,
        span: { round: chunk.round, lo: chunk.lo, hi: chunk.hi },
        carry: chunk.carry,
        input: wanted ? await deps.inputs.of(claim.tenantId, wanted) : null,
        independent: chunk.verifies !== null,
        signals: signals.buffer,
      },
      ending.signal,
    );
    return { kind: 'done', answer };
  } catch (error) {
    return signals.stopped ? { kind: 'stopped' } : { kind: 'failed', error };
  } finally {
    beat.stop();
  }
}

/** Renews the lease with the progress made; stops the thread when the chunk is not wanted any more. */
function heartbeat(
  deps: ChunkDeps,
  { tenantId, chunk, targetMs, leaseMs }: Claim,
  signals: ChunkSignals,
  ending: AbortController,
  signal: AbortSignal,
): { stop(): void } {
  let busy = false;
  let grace: NodeJS.Timeout | undefined;
  const stop = () => {
    signals.stop();
    grace ??= setTimeout(() => ending.abort(), graceMs);
  };
  const beat = async () => {
    const [state, halted] = await Promise.all([
      deps.store.withTenant(tenantId, (tx) =>
        tx.computations.renew(chunk.computation.id, chunk.no, chunk.fence, signals.share, leaseMs),
      ),
      deps.killSwitch.isOn(),
    ]);
    if (halted || state === null || !isRunnable(state)) stop();
  };
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    beat()
      // A store that does not answer is no reason to stop: the lease runs out by itself, and the fence holds.
      .catch((err: unknown) => deps.log.warn({ err }, 'lease not renewed'))
      .finally(() => (busy = false));
  }, heartbeatMs(targetMs));
  signal.addEventListener('abort', stop, { once: true });
  return {
    stop: () => {
      clearInterval(timer);
      clearTimeout(grace);
      signal.removeEventListener('abort', stop);
    },
  };
}

async function storeResult(
  deps: ChunkDeps,
  claim: Claim,
  { summary, state, output, checksum, cpuMs }: ChunkAnswer,
  elapsedMs: number,
): Promise<void> {
  const { id } = claim.chunk.computation;
  const { no, fence } = claim.chunk;
  await deps.store.withTenant(claim.tenantId, async (tx) => {
    const result = { summary, partial: state, output, checksum, elapsedMs, cpuMs };
    if (!(await tx.computations.complete(id, no, fence, result))) {
      return tx.computations.addWaste(id, elapsedMs);
    }
    await announce(deps, tx, claim, 'done');
    await faultPoint('compute.in-tx');
  });
  await faultPoint('compute.after-commit');
}

/** Not finished, because the computation stops or this process does: no failure. */
function giveBack(deps: ChunkDeps, claim: Claim, elapsedMs: number): Promise<void> {
  const { id } = claim.chunk.computation;
  return deps.store.withTenant(claim.tenantId, async (tx) => {
    await tx.computations.addWaste(id, elapsedMs);
    if (!(await tx.computations.release(id, claim.chunk.no, claim.chunk.fence))) return;
    await announce(deps, tx, claim, 'released');
  });
}

async function storeFailure(deps: ChunkDeps, claim: Claim, error: unknown, elapsedMs: number): Promise<void> {
  const { id } = claim.chunk.computation;
  const delayMs = retryDelayMs(claim.chunk.failures + 1, Math.random);
  const reason = `${codeOf(error)}: ${error instanceof Error ? error.message : String(error)}`;
  deps.log.warn({ computationId: id, chunk: claim.chunk.no, err: error }, 'chunk failed');
  await deps.store.withTenant(claim.tenantId, async (tx) => {
    const limit = codeOf(error) === 'INPUT_INVALID' ? 1 : computeLimits.attemptsMax;
    const state = await tx.computations.fail(id, claim.chunk.no, claim.chunk.fence, reason, delayMs, limit);
    if (state === null) return tx.computations.addWaste(id, elapsedMs);
    await announce(deps, tx, claim, 'failed');
    if (state !== 'Pending') return;
    // A little later than the chunk, which is not handed out before its time.
    const deliverAt = new Date((await tx.now()).getTime() + delayMs + 20);
    await deps.bus.publish(tx, {
      name: 'compute.chunk.due',
      epoch: 0,
      refs: { computationId: id },
      deliverAt,
    });
  });
}

async function announce(
  deps: ChunkDeps,
  tx: TenantTransaction,
  { chunk }: Claim,
  outcome: 'done' | 'failed' | 'released',
): Promise<void> {
  await deps.bus.publish(tx, {
    name: 'compute.chunk.completed',
    epoch: chunk.fence,
    refs: { computationId: chunk.computation.id, chunkNo: chunk.no, outcome },
  });
}
