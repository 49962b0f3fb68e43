import { canonicalJson, codeOf, HartoError, sha256Hex, type SearchRequest } from '@hartonomous/contracts';
import type { Arm } from '@hartonomous/loop';
import type { ActionRow, EvidencePairRow, IndexDefinition } from '@hartonomous/store';
import { z } from 'zod';
import { capturedRequests, sampleRequests } from '../evidence/captured-requests.js';
import { answering, replayPairs, requestsThatUse, rolledBack } from '../evidence/replay-pairs.js';
import { sampleWrites, writeAgain, type WriteSample } from '../evidence/replayed-writes.js';
import type { EvidenceStep, Executor, ExecutorDeps } from './executor.js';

const definitionSchema = z.object({
  name: z.string().startsWith('earned_'),
  table: z.string(),
  columns: z.array(z.string()).min(1).max(6),
  include: z.array(z.string()).optional(),
  method: z.enum(['btree', 'gist', 'hash', 'spatial']).optional(),
  operatorClasses: z.array(z.string().nullable()).optional(),
});
const parametersSchema = z.union([
  z.object({
    /** `drop`: an index that the loop earned before and that nothing uses. */
    operation: z.enum(['create', 'drop']).default('create'),
    tableRows: z.number().nonnegative().default(0),
    definition: definitionSchema,
  }),
  z.object({
    operation: z.literal('choose-spatial'),
    tableRows: z.number().nonnegative().default(0),
    strategy: z.enum(['tree', 'hilbert', 'morton', 'grid']),
  }),
  z.object({ operation: z.literal('recalibrate-funnel') }),
]);
interface Plan {
  operation: 'create' | 'drop';
  tableRows: number;
  definition: IndexDefinition;
}

/** How places of the map are found: the strategies that this store has a key for. */
const spatialIndexes: Partial<Record<string, IndexDefinition>> = {
  tree: {
    name: 'earned_tensor_atom_tree',
    table: 'tensor_atom',
    columns: ['x', 'y', 'z'],
    method: 'spatial',
  },
  hilbert: {
    name: 'earned_tensor_atom_hilbert',
    table: 'tensor_atom',
    columns: ['tenant_id', 'model_id', 'hilbert'],
  },
};

const usingMin = 5;
/** An online build waits for transactions older than itself; live ones are short, a replay step takes seconds. */
const lockTimeoutMs = 30_000;
/** Estimates before the build: bytes of an entry of a B-tree, rows an online build reads in a second. */
const entryBytes = 48;
const buildRowsPerSecond = 200_000;
/** What takes longer than a minute waits for an hour of low load. */
const heavySecondsMin = 60;

/** @throws HartoError INPUT_INVALID; FEATURE_UNAVAILABLE naming what this store lacks */
function planOf(parameters: unknown): Plan {
  const parsed = parametersSchema.safeParse(parameters);
  if (!parsed.success) throw new HartoError('INPUT_INVALID', 'index plan has no valid definition');
  const plan = parsed.data;
  if (plan.operation === 'recalibrate-funnel') throw lacking('recalibrating the funnel: no search funnel');
  if (plan.operation !== 'choose-spatial') return plan;
  const definition = spatialIndexes[plan.strategy];
  if (!definition) throw lacking(`spatial strategy ${plan.strategy}: no such key is stored`);
  return { operation: 'create', tableRows: plan.tableRows, definition };
}

const lacking = (what: string): HartoError => new HartoError('FEATURE_UNAVAILABLE', what);

/** Rows as the engine estimates them, or as the plan says where it does not: whichever is more. */
async function rowsOf(deps: ExecutorDeps, { definition, tableRows }: Plan): Promise<number> {
  try {
    const known = await deps.store.maintenance.statistics.read(definition.table);
    return Math.max(tableRows, 'unavailable' in known ? 0 : (known.relation['reltuples'] ?? 0));
  } catch (error) {
    // No such table: what refuses the plan is its executor, not its estimate.
    if (codeOf(error) === 'NOT_FOUND') return tableRows;
    throw error;
  }
}

/** Indexes of the touched table, sizes and counters apart. */
async function tableHash(deps: ExecutorDeps, table: string): Promise<string> {
  const indexes = (await deps.store.maintenance.indexes()).filter((i) => i.table === table);
  return sha256Hex(canonicalJson(indexes.map((i) => ({ name: i.name, columns: i.columns, valid: i.valid }))));
}

const create = (deps: ExecutorDeps, plan: Plan) =>
  deps.store.maintenance.createIndex(plan.definition, { lockTimeoutMs });
const drop = (deps: ExecutorDeps, plan: Plan) =>
  deps.store.maintenance.dropIndex(plan.definition.name, { lockTimeoutMs });

/**
 * Creates an index online, measured by replaying captured requests with the index hidden and visible; or drops one
 * that is not used any more: it is hidden from replays first, and dropped when nothing gets slower without it.
 */
export const indexOptimization: Executor = {
  async prepare(deps, _tenantId, hypothesis) {
    const plan = planOf(hypothesis.candidate.parameters);
    const { definition, operation } = plan;
    const applySeconds = (await rowsOf(deps, plan)) / buildRowsPerSecond;
    const indexes = (await deps.store.maintenance.indexes()).filter((i) => i.table === definition.table);
    return {
      inverse:
        operation === 'create'
          ? { kind: 'drop-index', name: definition.name }
          : { kind: 'create-index', definition },
      snapshotHash: await tableHash(deps, definition.table),
      touched: {
        objects: [definition.name],
        objectsOfKind: indexes.length + 1,
        storageBytes: operation === 'create' ? applySeconds * buildRowsPerSecond * entryBytes : 0,
        applySeconds,
        heavy: applySeconds > heavySecondsMin,
      },
    };
  },

  async apply(deps, _tenantId, action) {
    const plan = planOf(action.parameters);
    // The index goes when its uselessness is proven (beforeKeep); until then only replays run without it.
    if (plan.operation === 'drop') return {};
    const built = await create(deps, plan);
    return { buildMs: built.buildMs, sizeBytes: built.sizeBytes };
  },

  collect: (deps, tenantId, action, _blockNo, known) => {
    const plan = planOf(action.parameters);
    return plan.operation === 'drop'
      ? compareWithoutIndex(deps, tenantId, action, plan, known)
      : compareWithIndex(deps, tenantId, action, plan, known);
  },

  /** An index that is gone cannot be compared with any more. */
  remeasurable: (action) => planOf(action.parameters).operation === 'create',

  async beforeKeep(deps, _tenantId, action) {
    const plan = planOf(action.parameters);
    if (plan.operation === 'drop') await drop(deps, plan);
  },

  keep: async () => undefined,

  async revert(deps, _tenantId, action) {
    const plan = planOf(action.parameters);
    await (plan.operation === 'drop' ? create(deps, plan) : drop(deps, plan));
  },

  stateHash: (deps, _tenantId, action) => tableHash(deps, planOf(action.parameters).definition.table),
};

/** The arm without the index: the control of one that is tried, the treated one of one that is given up. */
const hiddenArm = (plan: Plan): Arm => (plan.operation === 'drop' ? 'treated' : 'control');

function replayReads(
  deps: ExecutorDeps,
  tenantId: string,
  action: ActionRow,
  plan: Plan,
  requests: SearchRequest[],
  known: EvidencePairRow[],
): Promise<EvidenceStep> {
  const watched = [plan.definition.name];
  const inArm = rolledBack(deps, tenantId, (arm) => ({ watched, hidden: arm === hiddenArm(plan) }));
  return replayPairs(deps, tenantId, action, { requests, inArm, ...answering(deps) }, known);
}

/** Writes with the index, and without its entries. */
function replayWrites(
  deps: ExecutorDeps,
  tenantId: string,
  action: ActionRow,
  plan: Plan,
  writes: WriteSample[],
  known: EvidencePairRow[],
): Promise<EvidenceStep> {
  const watched = [plan.definition.name];
  const inArm = rolledBack(deps, tenantId, (arm) => ({
    watched,
    hidden: arm === hiddenArm(plan),
    writes: true,
  }));
  return replayPairs(deps, tenantId, action, { requests: writes, inArm, run: writeAgain }, known);
}

/**
 * Captured requests that the index serves, found by the engine's own scan counters, with and without it. Where too few
 * use it, what is left to measure is what it costs: writes of its table, again with and without it.
 */
async function compareWithIndex(
  deps: ExecutorDeps,
  tenantId: string,
  action: ActionRow,
  plan: Plan,
  known: EvidencePairRow[],
): Promise<EvidenceStep> {
  const captured = action.progress['captured'] as SearchRequest[] | undefined;
  if (captured) return replayReads(deps, tenantId, action, plan, captured, known);
  const written = action.progress['capturedWrites'] as WriteSample[] | undefined;
  if (written) return replayWrites(deps, tenantId, action, plan, written, known);
  const requests = await sampleRequests(deps, tenantId, action.id);
  const using = await requestsThatUse(deps, tenantId, [plan.definition.name], requests);
  if (!Array.isArray(using)) return { kind: 'unavailable', reason: using.unavailable };
  if (using.length >= usingMin) {
    const patch = { captured: using, usingShare: using.length / requests.length };
    return { kind: 'waiting', reason: 'requests captured', patch, nextInMs: 0 };
  }
  const unused = `${using.length} of ${requests.length} captured requests use the index`;
  const writes = await sampleWrites(deps, tenantId, action.id, plan.definition.table);
  if (writes.length === 0) {
    const reason = `${unused}, and no write of ${plan.definition.table} can be replayed`;
    return { kind: 'no-data', reason, nextInMs: 0 };
  }
  const measuredOn = `replayed writes of ${plan.definition.table}, since ${unused}`;
  const patch = { capturedWrites: writes, usingShare: 0, measuredOn };
  return { kind: 'waiting', reason: measuredOn, patch, nextInMs: 0 };
}

/** Any captured requests: none of them may get slower by more than the margin without the index. */
async function compareWithoutIndex(
  deps: ExecutorDeps,
  tenantId: string,
  action: ActionRow,
  plan: Plan,
  known: EvidencePairRow[],
): Promise<EvidenceStep> {
  const captured = action.progress['captured'] as SearchRequest[] | undefined;
  if (captured) return replayReads(deps, tenantId, action, plan, captured, known);
  const measurement = { metric: 'latency', goal: 'non-inferiority' };
  return capturedRequests(deps, tenantId, action.id, usingMin, { measurement });
}
