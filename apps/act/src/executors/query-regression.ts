import { canonicalJson, HartoError, sha256Hex, type SearchRequest } from '@hartonomous/contracts';
import type { ActionRow, TableStatistics } from '@hartonomous/store';
import { z } from 'zod';
import { replayPairs } from '../evidence/replay-pairs.js';
import { capturedRequests } from '../evidence/captured-requests.js';
import type { Executor, ExecutorDeps } from './executor.js';

const parametersSchema = z.union([
  z.object({
    operation: z.literal('gather-statistics').default('gather-statistics'),
    table: z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/),
    tableRows: z.number().nonnegative().default(0),
  }),
  z.object({ operation: z.literal('force-plan'), statementId: z.string(), planId: z.string() }),
]);
const capturedMin = 5;
/** ANALYZE samples 30,000 rows at the default target: about a second, whatever the table's size. */
const gatherSeconds = 1;

function tableOf(action: Pick<ActionRow, 'parameters'>): string {
  const parsed = parametersSchema.safeParse(action.parameters);
  if (!parsed.success) throw new HartoError('INPUT_INVALID', 'statistics plan names no table');
  if (parsed.data.operation === 'force-plan') {
    throw new HartoError('FEATURE_UNAVAILABLE', 'plan forcing: this executor refreshes statistics only');
  }
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
export const queryRegression: Executor = {
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
    const plan = {
      requests,
      watched: [],
      hiddenArm: 'control' as const,
      statistics: { control: savedIn(action), treated: applied.gathered },
      aaPairs: 10,
      blockSize: 20,
    };
    return replayPairs(deps, tenantId, action, plan, rows);
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
