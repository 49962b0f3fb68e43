import { codeOf, newId } from '@hartonomous/contracts';
import type { Store, TenantTransaction } from '../port/store.js';
import { populate } from './isolation-contract.js';
import { embeddingModel, requestOf } from './samples.js';
import { chunkOf, conceptOf, submissionOf, sweepCases, to } from './sweep-cases.js';
import type { SweepCase, SweepIds } from './sweep-ids.js';
import {
  gradientOf,
  jobOf,
  layerOf,
  sampleOf,
  shapeOf,
  smallLine,
  smallSvd,
  updateOf,
} from './sweep-models.js';

/** Names of everything that a tenant's transaction can be asked, read from the port's own objects. */
export function methodsOf(tx: TenantTransaction): string[] {
  return Object.entries(tx).flatMap(([name, member]: [string, unknown]) => {
    if (typeof member === 'function') return [name];
    return typeof member === 'object' && member !== null
      ? Object.keys(member).map((m) => `${name}.${m}`)
      : [];
  });
}

export async function own(tx: TenantTransaction): Promise<SweepIds> {
  const owned = await populate(tx);
  const version = await tx.overlays.createVersion(owned.modelId);
  await tx.models.setAlias('default', version.id, 'owner', 'sweep');
  const place = { x: 4, y: 5, z: 6, hilbert: 2n, tensorNo: 0, segmentNo: 0, coefficient: 1 };
  await tx.overlays.write(version.id, [{ ...place, atomId: owned.atomId }]);
  const pruneId = newId();
  const pruned = { ...place, atomId: owned.atomId, segmentNo: 1, importance: -9 };
  await tx.tensors.load(owned.modelId, [{ ...pruned, valueMin: 0, valueMax: 1, valueNorm: 1 }]);
  await tx.tensors.prune(owned.modelId, pruneId, -5);
  const layer = layerOf(owned.modelId);
  await tx.layers.add(layer);
  await tx.layers.writeLine({ id: layer.id, version: 1 }, smallLine());
  await tx.layers.saveSvd(layer.id, smallSvd);
  const { jobId, sampleId } = await ownTraining(tx, owned.modelId, owned.atomId);
  const concept = conceptOf(owned.atomId);
  await tx.concepts.add(owned.actionId, embeddingModel, [concept]);
  const { row } = await tx.computations.create(submissionOf('secret'));
  await tx.computations.move(row, 'Running', { started: true });
  await tx.computations.addChunks(row.id, [chunkOf(0), chunkOf(1)]);
  await tx.computations.claim(row.id, 'owner', 60_000);
  const request = requestOf(owned.modelId, { sessionId: newId(), input: { query: newId(), limit: 10 } });
  await tx.requests.record([request]);
  const { inputHash } = request;
  await tx.cache.load(owned.modelId, 1, owned.cacheAction, [{ inputHash, output: '{}', computeMs: 1 }], to);
  const messageId = newId();
  const refs = { cycleId: owned.cycleId };
  await tx.outbox.add({ id: messageId, name: 'loop.cycle.learned', epoch: 0, refs });
  const [principal] = await tx.principals.list();
  const snapshot = await tx.snapshots.take(owned.modelId, { label: 'owned', by: 'owner' });
  return {
    ...owned,
    inputHash,
    conceptId: concept.id,
    versionId: version.id,
    computationId: row.id,
    requestId: request.id,
    sessionId: request.sessionId!,
    principalId: principal.id,
    messageId,
    pruneId,
    snapshotId: snapshot.id,
    layerId: layer.id,
    jobId,
    sampleId,
  };
}

async function ownTraining(
  tx: TenantTransaction,
  modelId: string,
  atomId: string,
): Promise<{ jobId: string; sampleId: string }> {
  const job = jobOf(modelId);
  const sample = sampleOf('secret');
  await tx.training.create(job);
  await tx.training.addSamples([sample]);
  await tx.training.saveCheckpoint(job.id, 1, Buffer.from([1]));
  await tx.training.addUpdate(updateOf(modelId, job.id));
  await tx.training.addGradients(job.id, [gradientOf(0)]);
  await tx.usage.record([{ at: to, principal: 'owner', kind: 'requests', amount: 1 }]);
  await tx.code.put([shapeOf(atomId)]);
  return { jobId: job.id, sampleId: sample.id };
}

/** Ids that exist nowhere. */
const nobodys = (like: SweepIds): SweepIds => ({
  ...(Object.fromEntries(Object.keys(like).map((name) => [name, newId()])) as unknown as SweepIds),
  inputHash: '0'.repeat(64),
});

class Undone extends Error {
  constructor(readonly answer: unknown) {
    super('undone');
  }
}

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const instant = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g;

function asText(answer: unknown): string {
  return (
    JSON.stringify(answer, (_key, value: unknown) => {
      if (typeof value === 'bigint') return value.toString();
      return value instanceof Map ? [...value] : value;
    }) ?? 'nothing'
  );
}

/** The answer, or the code of the refusal, without the ids and instants that differ from call to call. */
async function outcome(
  call: () => Promise<unknown>,
  foreignNames: string[],
): Promise<{ text: string; leaked: boolean }> {
  const text = await call().then(asText, (error: unknown) =>
    error instanceof Undone ? asText(error.answer) : `refused: ${codeOf(error)}`,
  );
  return {
    text: text
      .replaceAll(uuid, 'id')
      .replaceAll(instant, 'at')
      .replaceAll(/[0-9a-f]{64}/g, 'hash'),
    leaked: foreignNames.some((name) => text.includes(name)),
  };
}

export interface SweepReport {
  calls: number;
  /** Calls that answered otherwise to another tenant's ids than to ids of nobody, or changed another tenant. */
  leaks: string[];
}

/**
 * Every method by every tenant with the ids of the tenant before it: it must answer as if these ids were nobody's, and
 * leave all other tenants' rows as they are. `states` gives a digest of each tenant's rows.
 */
export async function sweepTenants(
  store: Store,
  tenantIds: string[],
  states: () => Promise<Map<string, string>>,
): Promise<SweepReport> {
  const owned: SweepIds[] = [];
  for (const id of tenantIds) owned.push(await store.withTenant(id, own));
  const report: SweepReport = { calls: 0, leaks: [] };
  let before = await states();
  for (const [i, tenantId] of tenantIds.entries()) {
    const foreign = owned[(i + tenantIds.length - 1) % tenantIds.length];
    const others = tenantIds.filter((id) => id !== tenantId);
    for (const [name, call] of Object.entries(sweepCases)) {
      report.calls++;
      if (await differs(store, tenantId, call, foreign, others)) report.leaks.push(`${name} as tenant ${i}`);
    }
    const after = await states();
    for (const id of others) {
      if (before.get(id) !== after.get(id)) report.leaks.push(`tenant ${i} changed tenant ${id}`);
    }
    before = after;
  }
  return report;
}

async function differs(
  store: Store,
  tenantId: string,
  call: SweepCase,
  foreign: SweepIds,
  others: string[],
): Promise<boolean> {
  const nothing = await outcome(
    () =>
      store.withTenant(tenantId, async (tx) => {
        const undone = new Undone(await call(tx, nobodys(foreign)));
        // A write that was not waited for has its answer with the next statement.
        await tx.now();
        throw undone;
      }),
    others,
  );
  const answer = await outcome(() => store.withTenant(tenantId, (tx) => call(tx, foreign)), others);
  return answer.leaked || answer.text !== nothing.text;
}
