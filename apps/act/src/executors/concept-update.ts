import { canonicalJson, HartoError, sha256Hex } from '@hartonomous/contracts';
import type { ActionRow, HeldConcept } from '@hartonomous/store';
import { z } from 'zod';
import { dealings } from '../evidence/stability-pairs.js';
import { dropsAsGood, updatePairs, type UpdatedConcept } from '../evidence/update-pairs.js';
import type { Executor, ExecutorDeps } from './executor.js';

const parametersSchema = z.object({
  operation: z.literal('update'),
  embeddingModel: z.string().min(1).max(100),
  conceptId: z.uuid(),
  label: z.string().min(1).max(200),
  meanDistance: z.number().min(0),
  members: z
    .array(z.object({ atomId: z.uuid(), distance: z.number().min(0) }))
    .min(6)
    .max(200),
  leaving: z.array(z.uuid()).min(1).max(200),
});
type Plan = z.infer<typeof parametersSchema>;

const aaPairs = 10;
/** As many as the stopping rule looks at: then it ends. */
const abPairs = 60;
/** Concepts beside the updated one that its atoms are told from: a seeded sample. */
const othersMax = 50;

export const isUpdate = (parameters: Record<string, unknown>): boolean =>
  parameters['operation'] === 'update';

function planOf(action: Pick<ActionRow, 'parameters'>): Plan {
  const parsed = parametersSchema.safeParse(action.parameters);
  if (!parsed.success)
    throw new HartoError('INPUT_INVALID', 'concept plan names no atoms that stay and leave');
  return parsed.data;
}

/** The same for the same action, so that a repeated apply adds nothing. */
function successorId(actionId: string): string {
  const hex = sha256Hex(`${actionId}|successor`);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

const hashOf = (held: HeldConcept | null): string =>
  sha256Hex(canonicalJson(held && { ...held, members: held.members.map((m) => [m.atomId, m.distance]) }));

const heldOf = (action: Pick<ActionRow, 'inverse'>): HeldConcept => {
  const held = action.inverse?.['held'] as HeldConcept | undefined;
  if (!held) throw new HartoError('NOT_FOUND', 'the action has no inverse that names its concept');
  return held;
};

/** A kept concept goes on without the atoms that drifted; measured against leaving out as many others. */
export const conceptUpdate: Executor = {
  async prepare(deps, tenantId, { candidate }) {
    const { conceptId, members, leaving, label } = planOf(candidate);
    const held = await deps.store.withTenant(tenantId, (tx) => tx.concepts.held(conceptId));
    const known = new Set(held?.members.map((m) => m.atomId));
    if (!held?.kept || ![...members.map((m) => m.atomId), ...leaving].every((id) => known.has(id))) {
      throw new HartoError('INPUT_INVALID', `concept ${conceptId} does not hold all of these atoms`);
    }
    return {
      inverse: { kind: 'give-back-concept', held },
      snapshotHash: hashOf(held),
      touched: {
        objects: [`concept ${label}`],
        objectsOfKind: 1,
        storageBytes: 0,
        applySeconds: 1,
        heavy: false,
      },
    };
  },

  async apply(deps, tenantId, action) {
    const { conceptId, label, meanDistance, members } = planOf(action);
    const successor = { id: successorId(action.id), label, meanDistance, members };
    await deps.store.withTenant(tenantId, (tx) => tx.concepts.succeed(action.id, conceptId, successor));
    return { successor: successor.id };
  },

  async collect(deps, tenantId, action) {
    if (!action.progress['measurement']) {
      const patch = { measurement: { metric: 'error-share', goal: 'gain' } };
      return { kind: 'waiting', reason: 'measured by held-out atoms', patch, nextInMs: 0 };
    }
    const updated = await updatedConcept(deps, tenantId, action);
    if (updated.others.length === 0) {
      return { kind: 'unavailable', reason: 'no other concept is kept that its atoms could be told from' };
    }
    const asGood = dropsAsGood(action.id, updated);
    if (asGood > 0) {
      const reason = `${asGood} of ${dealings} random choices of atoms to leave do as well`;
      return { kind: 'unavailable', reason };
    }
    return {
      kind: 'pairs',
      rows: updatePairs(action.id, updated, { aaPairs, abPairs }, deps.now()),
      nextInMs: 0,
    };
  },

  remeasurable: () => false,

  async keep(tx, action) {
    await tx.concepts.keep(action.id);
    await tx.concepts.retire(planOf(action).conceptId);
  },

  async revert(deps, tenantId, action) {
    await deps.store.withTenant(tenantId, (tx) => tx.concepts.giveBack(action.id, heldOf(action)));
  },

  stateHash: async (deps, tenantId, action) =>
    hashOf(await deps.store.withTenant(tenantId, (tx) => tx.concepts.held(planOf(action).conceptId))),
};

/** The vectors that it is about, as they stand in the store now. */
async function updatedConcept(
  deps: ExecutorDeps,
  tenantId: string,
  action: ActionRow,
): Promise<UpdatedConcept> {
  const { embeddingModel, conceptId, leaving } = planOf(action);
  const read = await deps.store.withTenant(tenantId, async (tx) => ({
    kept: await tx.concepts.keptVectors(othersMax, action.id),
    own: await tx.concepts.vectorsOf(
      embeddingModel,
      heldOf(action).members.map((m) => m.atomId),
    ),
  }));
  const left = new Set(leaving);
  const others = read.kept.concepts.filter((c) => c.id !== conceptId && c.embeddingModel === embeddingModel);
  const rowsOf = ({
    dimensions: d,
    data,
    atomIds,
  }: {
    dimensions: number;
    data: Float32Array;
    atomIds: string[];
  }) => atomIds.map((atomId, i) => ({ atomId, vector: data.subarray(i * d, (i + 1) * d) }));
  const own = rowsOf(read.own);
  return {
    concept: conceptId,
    staying: own.filter((a) => !left.has(a.atomId)).map((a) => a.vector),
    leaving: own.filter((a) => left.has(a.atomId)).map((a) => a.vector),
    others: others.flatMap((c) => rowsOf(c).map(({ vector }) => ({ concept: c.id, vector }))),
  };
}
