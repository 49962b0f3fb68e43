import { canonicalJson, HartoError, newId } from '@hartonomous/contracts';
import {
  checkedEstimate,
  moveComputation,
  parseSubmission,
  type ComputationVerb,
} from '@hartonomous/compute';
import { BUS, STORE, type Bus } from '@hartonomous/service-kit';
import type { ComputationRow, KeyIdentity, Store, TenantTransaction } from '@hartonomous/store';
import { currentTrace, withSpan } from '@hartonomous/telemetry';
import { Inject, Injectable } from '@nestjs/common';

export interface Command {
  verb: ComputationVerb;
  /** Of a rerun: the range whose chunks are computed again. */
  lo?: number;
  hi?: number;
}

/** Tries against other writers of the same row (the lane moves it too). */
const triesMax = 5;

type Who = Pick<KeyIdentity, 'tenantId' | 'principal' | 'keyId'>;

/** What users ask of the fast lane: state, message and audit row in one transaction each. */
@Injectable()
export class Computations {
  constructor(
    @Inject(STORE) private readonly store: Store,
    @Inject(BUS) private readonly bus: Bus,
  ) {}

  /**
   * Stores a computation once per idempotency key.
   * @throws HartoError INPUT_INVALID | INPUT_TOO_LARGE | STATE_CONFLICT (the key stands for something else)
   */
  submit(
    who: Who,
    body: unknown,
    publicJob: string | null = null,
  ): Promise<{ row: ComputationRow; created: boolean }> {
    const { submission, type, params } = parseSubmission(body);
    const fixed = submission.chunk.mode === 'fixed' ? submission.chunk.size : undefined;
    // With stored vectors the size of the work is known only when Analyze has measured them.
    const totalCost = type.input?.(params) ? 0 : checkedEstimate(type, params, null, fixed).cost;
    const attributes = { 'hartonomous.type': type.name, 'hartonomous.tenant.id': who.tenantId };
    const store = () =>
      this.store.withTenant(who.tenantId, async (tx) => {
        if (type.input?.(params) && (await tx.atoms.count()) === 0) {
          throw new HartoError('INPUT_INVALID', 'there are no stored embeddings; ingest a corpus first');
        }
        const { idempotencyKey, priority, lane, chunk, verifyShare } = submission;
        const span = currentTrace();
        const made = await tx.computations.create({
          id: newId(),
          type: type.name,
          version: type.version,
          params: params as Record<string, unknown>,
          options: { chunk, verifyShare },
          lane,
          priority,
          idempotencyKey,
          publicJob,
          totalCost,
          requestedBy: who.principal,
          traceId: span?.traceId ?? null,
          spanId: span?.spanId ?? null,
        });
        if (made.created) await this.begin(tx, who, made.row);
        else requireSame(made.row, type.name, params);
        return made;
      });
    return withSpan('compute.computation', attributes, store, { parent: null, open: true });
  }

  private async begin(tx: TenantTransaction, who: Who, row: ComputationRow): Promise<void> {
    await this.say(tx, 'compute.submitted', row);
    await this.audit(tx, who, 'computation.submitted', row.id, row.type);
  }

  /**
   * Pause, resume, cancel, retry failed chunks, or rerun a range.
   * @throws HartoError NOT_FOUND | STATE_CONFLICT (not possible in this state) | STATE_STALE
   */
  async command(who: Who, id: string, command: Command): Promise<ComputationRow> {
    for (let attempt = 1; attempt <= triesMax; attempt++) {
      const row = await this.store.withTenant(who.tenantId, (tx) => this.tryCommand(tx, who, id, command));
      if (row) return row;
    }
    throw new HartoError('STATE_STALE', `computation ${id} kept changing; try again`);
  }

  private async tryCommand(
    tx: TenantTransaction,
    who: Who,
    id: string,
    command: Command,
  ): Promise<ComputationRow | null> {
    const row = await tx.computations.get(id);
    if (!row) throw new HartoError('NOT_FOUND', `no computation ${id}`);
    const to = moveComputation(row.state, command.verb);
    if (to === 'refused') {
      throw new HartoError('STATE_CONFLICT', `a computation that is ${row.state} cannot ${command.verb}`, {
        details: { state: row.state, verb: command.verb },
      });
    }
    if (to === 'same') return row;
    const again = command.verb === 'retry' || command.verb === 'rerun';
    if (command.verb === 'rerun') requireRange(row, command);
    const ends = to === 'Cancelled';
    const moved = await tx.computations.move(row, to, {
      ...(ends ? { finished: true } : {}),
      ...(again
        ? { finished: false, result: null, resultHash: null, reason: null, output: null, work: reopened(row) }
        : {}),
    });
    if (!moved) return null;
    if (command.verb === 'retry') await tx.computations.retryParked(id);
    if (command.verb === 'rerun')
      await tx.computations.rerun(id, command.lo ?? 0, command.hi ?? row.work!.hi);
    const next = (await tx.computations.get(id))!;
    await this.follow(tx, next);
    await this.audit(tx, who, `computation.${command.verb}`, id, `${row.state} -> ${to}`);
    return next;
  }

  /** The message that makes the lane notice. */
  private async follow(tx: TenantTransaction, row: ComputationRow): Promise<void> {
    if (row.state === 'Cancelled') await this.say(tx, 'compute.ended', row);
    else if (row.state === 'Running') await this.say(tx, 'compute.wave.drained', row);
    else if (row.state === 'Pausing' || row.state === 'Cancelling') {
      const refs = { computationId: row.id, chunkNo: 0, outcome: 'released' as const };
      await this.bus.publish(tx, { name: 'compute.chunk.completed', epoch: row.revision, refs });
    }
  }

  private say(
    tx: TenantTransaction,
    name: 'compute.submitted' | 'compute.wave.drained' | 'compute.ended',
    row: ComputationRow,
  ): Promise<string> {
    return this.bus.publish(tx, { name, epoch: row.revision, refs: { computationId: row.id } });
  }

  private audit(tx: TenantTransaction, who: Who, what: string, subject: string, why: string): Promise<void> {
    return tx.audit.append({
      what,
      subject,
      who: who.principal,
      why,
      traceId: currentTrace()?.traceId ?? null,
    });
  }
}

function requireSame(row: ComputationRow, type: string, params: unknown): void {
  if (row.type === type && canonicalJson(row.params) === canonicalJson(params)) return;
  throw new HartoError('STATE_CONFLICT', 'this idempotency key stands for another computation', {
    details: { computationId: row.id },
  });
}

function requireRange(row: ComputationRow, { lo, hi }: Command): void {
  const work = row.work;
  const single = work?.round === 0 && !work.indivisible;
  if (!work || !single) {
    throw new HartoError('STATE_CONFLICT', `${row.type} has no range of one round to run again`);
  }
  if (lo !== undefined && hi !== undefined && lo > hi) {
    throw new HartoError('INPUT_INVALID', 'lo must not exceed hi');
  }
}

/** Chunks that run again are sampled for verification again. */
const reopened = (row: ComputationRow) => row.work && { ...row.work, verifying: false };
