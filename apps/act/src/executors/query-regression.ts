import { canonicalJson, HartoError, sha256Hex, type SearchRequest } from '@hartonomous/contracts';
import type { ActionRow, TableStatistics } from '@hartonomous/store';
import { z } from 'zod';
import { answering, replayPairs, rolledBack } from '../evidence/replay-pairs.js';
import { capturedRequests } from '../evidence/captured-requests.js';
import type { Executor, ExecutorDeps } from './executor.js';
import { isPlanForcing, planForcing } from './plan-forcing.js';

const parametersSchema = z.object({
  operation: z.literal('gather-statistics').default('gather-statistics'),
  table: z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/),
  tableRows: z.number().nonnegative().default(0),
});
const capturedMin = 5;
/** ANALYZE samples 30,000 rows at the default target: about a second, whatever the table's size. */
const gatherSeconds = 1;

function tableOf(action: Pick<ActionRow, 'parameters'>): string {
  const parsed = parametersSchema.safeParse(action.parameters);
  if (!parsed.success) throw new HartoError('INPUT_INVALID', 'statistics plan names no table');
  return parsed.data.table;
}

/** @throws HartoError FEATURE_UNAVAILABLE where statistics cannot be restored, table with extended ones included */
async function known<T extends object>(read: Promise<T | { unavailable: string }>): Promise<T> {
  const found = await read;
  if ('unavailable' in found) throw new HartoError('FEATURE_UNAVAILABLE', String(found.unavailable));
  return found;
}

const hashOf = (statistics: TableStatistics): string => sha256Hex(canonicalJson(statistics));
const savedIn = (action: ActionRow): TableStatistics => {
  const saved = action.inverse?.['statistics'] as TableStatistics | undefined;
  if (!saved) throw new HartoError('STATE_CONFLICT', `action ${action.id} stores no statistics to restore`);
  return saved;
};

/**
 * Gathers a table's planner statistics anew, with the old ones saved. Measured by replays that differ only in the
 * statistics, which both arms restore in their rolled-back transaction. While it is tried the engine does not gather
 * by itself; keeping hands that back.
 */
const freshStatistics: Executor = {
  async prepare(deps, _tenantId, { candidate }) {
    const table = tableOf(candidate);
    const statistics = await known(deps.store.maintenance.statistics.read(table));
    return {
      inverse: { kind: 'restore-statistics', statistics },
      snapshotHash: hashOf(statistics),
      touched: {
        objects: [table],
        objectsOfKind: 1,
        storageBytes: 0,
        applySeconds: gatherSeconds,
        heavy: false,
      },
    };
  },

  async apply(deps, _tenantId, action) {
    const started = process.hrtime.bigint();
    const gathered = await known(deps.store.maintenance.statistics.gather(tableOf(action)));
    return { gathered, buildMs: Number(process.hrtime.bigint() - started) / 1e6 };
  },

  async collect(deps, tenantId, action, _blockNo, rows) {
    const requests = action.progress['captured'] as SearchRequest[] | undefined;
    if (!requests) return capturedRequests(deps, tenantId, action.id, capturedMin);
    const applied = action.progress['applied'] as { gathered: TableStatistics };
    const statistics = { control: savedIn(action), treated: applied.gathered };
    const inArm = rolledBack(deps, tenantId, (arm) => ({
      watched: [],
      hidden: arm === 'control',
      statistics: statistics[arm],
    }));
    return replayPairs(deps, tenantId, action, { requests, inArm, ...answering(deps) }, rows);
  },

  remeasurable: () => true,

  async beforeKeep(deps, _tenantId, action) {
    const { table, automatic } = savedIn(action);
    await deps.store.maintenance.statistics.setAutomatic(table, automatic);
  },

  keep: async () => undefined,

  async revert(deps, _tenantId, action) {
    await deps.store.maintenance.statistics.restore(savedIn(action));
  },

  stateHash: (deps, _tenantId, action) => statisticsHash(deps, tableOf(action)),
};

async function statisticsHash(deps: ExecutorDeps, table: string): Promise<string> {
  return hashOf(await known(deps.store.maintenance.statistics.read(table)));
}

const by = ({ parameters }: Pick<ActionRow, 'parameters'>): Executor =>
  isPlanForcing(parameters) ? planForcing : freshStatistics;

/** What helps a plan that became slower: the last good one where the engine keeps plans, else fresh statistics. */
export const queryRegression: Executor = {
  prepare: (deps, tenantId, hypothesis) => by(hypothesis.candidate).prepare(deps, tenantId, hypothesis),
  apply: (deps, tenantId, action) => by(action).apply(deps, tenantId, action),
  collect: (deps, tenantId, action, blockNo, rows) =>
    by(action).collect(deps, tenantId, action, blockNo, rows),
  remeasurable: (action) => by(action).remeasurable(action),
  beforeKeep: async (deps, tenantId, action) => by(action).beforeKeep?.(deps, tenantId, action),
  keep: (tx, action) => by(action).keep(tx, action),
  revert: (deps, tenantId, action) => by(action).revert(deps, tenantId, action),
  stateHash: (deps, tenantId, action) => by(action).stateHash(deps, tenantId, action),
};
