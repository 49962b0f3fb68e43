import { canonicalJson, HartoError, sha256Hex } from '@hartonomous/contracts';
import type { ActionRow, AtomVectors, NewConcept } from '@hartonomous/store';
import { z } from 'zod';
import {
  dealings,
  dealingsAsGood,
  stabilityPairs,
  type LabelledVectors,
} from '../evidence/stability-pairs.js';
import type { Executor, ExecutorDeps } from './executor.js';

const parametersSchema = z.object({
  embeddingModel: z.string().min(1).max(100),
  clusters: z
    .array(
      z.object({
        members: z
          .array(z.object({ atomId: z.uuid(), distance: z.number().min(0) }))
          .min(2)
          .max(60),
        meanDistance: z.number().min(0),
      }),
    )
    .min(2)
    .max(10),
});
type Plan = z.infer<typeof parametersSchema>;

const pageRows = 4_000;
const aaPairs = 10;
/** As many as the stopping rule looks at: then it ends. */
const abPairs = 60;

function planOf(action: Pick<ActionRow, 'parameters'>): Plan {
  const parsed = parametersSchema.safeParse(action.parameters);
  if (!parsed.success) throw new HartoError('INPUT_INVALID', 'concept plan names no valid groups');
  return parsed.data;
}

/** The same for the same action and group, so that a repeated apply adds nothing. */
function conceptId(actionId: string, index: number): string {
  const hex = sha256Hex(`${actionId}|concept|${index}`);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

async function conceptsHash(deps: ExecutorDeps, tenantId: string, actionId: string): Promise<string> {
  const rows = await deps.store.withTenant(tenantId, (tx) => tx.concepts.of(actionId));
  return sha256Hex(canonicalJson(rows.map((r) => r.id)));
}

/** Names groups of atoms; measured by whether held-out atoms find their own group again. */
export const conceptDiscovery: Executor = {
  async prepare(_deps, _tenantId, { candidate }) {
    const { embeddingModel, clusters } = planOf(candidate);
    return {
      inverse: { kind: 'remove-concepts' },
      snapshotHash: sha256Hex(canonicalJson([])),
      touched: {
        objects: [`concepts of ${embeddingModel}`],
        objectsOfKind: 1,
        storageBytes: clusters.reduce((sum, c) => sum + 200 + 64 * c.members.length, 0),
        applySeconds: 1,
        heavy: false,
      },
    };
  },

  async apply(deps, tenantId, action) {
    const { embeddingModel, clusters } = planOf(action);
    return deps.store.withTenant(tenantId, async (tx) => {
      const concepts: NewConcept[] = [];
      for (const [i, { members, meanDistance }] of clusters.entries()) {
        // The member nearest to the centre names the group.
        const [source] = await tx.atoms.sources([members[0]!.atomId]);
        const label = (source?.symbol ?? source?.heading ?? source?.path ?? `group ${i + 1}`).slice(0, 200);
        concepts.push({ id: conceptId(action.id, i), label, meanDistance, members });
      }
      await tx.concepts.add(action.id, embeddingModel, concepts);
      return { concepts: concepts.length, labels: concepts.map((c) => c.label) };
    });
  },

  async collect(deps, tenantId, action) {
    if (!action.progress['measurement']) {
      const patch = { measurement: { metric: 'error-share', goal: 'gain' } };
      return { kind: 'waiting', reason: 'measured by held-out atoms', patch, nextInMs: 0 };
    }
    const labelled = await vectorsOf(deps, tenantId, action);
    const asGood = dealingsAsGood(action.id, labelled);
    if (asGood > 0) {
      const reason = `${asGood} of ${dealings} random dealings of these atoms hold together as well as the groups`;
      return { kind: 'unavailable', reason };
    }
    const rows = stabilityPairs(action.id, labelled, { aaPairs, abPairs }, deps.now());
    return rows.length > 0
      ? { kind: 'pairs', rows, nextInMs: 0 }
      : { kind: 'no-data', reason: 'too few atoms of the groups are left', nextInMs: 0 };
  },

  remeasurable: () => false,

  async keep(tx, action) {
    await tx.concepts.keep(action.id);
  },

  async revert(deps, tenantId, action) {
    await deps.store.withTenant(tenantId, (tx) => tx.concepts.remove(action.id));
  },

  stateHash: (deps, tenantId, action) => conceptsHash(deps, tenantId, action.id),
};

/** Vectors of the atoms in the action's concepts, as they stand in the store now. */
async function vectorsOf(deps: ExecutorDeps, tenantId: string, action: ActionRow): Promise<LabelledVectors> {
  const { embeddingModel } = planOf(action);
  const members = await deps.store.withTenant(tenantId, (tx) => tx.concepts.membersOf(action.id));
  const conceptOf = new Map(members.map((m) => [m.atomId, m.conceptId]));
  const found: LabelledVectors = [];
  let after: string | null = null;
  for (;;) {
    const from: string | null = after;
    const page: AtomVectors = await deps.store.withTenant(tenantId, (tx) =>
      tx.atoms.vectors(embeddingModel, from, pageRows),
    );
    page.atomIds.forEach((id, i) => {
      const concept = conceptOf.get(id);
      const { dimensions: d } = page;
      if (concept) found.push({ concept, vector: page.data.subarray(i * d, (i + 1) * d) });
    });
    after = page.atomIds.at(-1) ?? null;
    if (page.atomIds.length < pageRows) return found;
  }
}
