import { codeOf } from '@hartonomous/contracts';
import { defaultLearning, runningCostPerHour, type RunningUse } from '@hartonomous/loop';
import type { ActionRow, Store, TenantTransaction } from '@hartonomous/store';

/** What a kept change costs while it stays, and what of that nobody could count: named, never taken for nothing. */
export interface RunningCost extends RunningUse {
  perHour: number;
  notCounted: string[];
}

/** Setting: seconds an hour that a GiB of storage or memory is worth. */
export const storagePriceSetting = 'learn.storage-seconds-per-gib-hour';

const statementsMax = 500;
const hourMs = 3_600_000;
/** Counters younger than this are no rate. */
const countedHoursMin = 1 / 60;

interface Measured extends RunningUse {
  notCounted: string[];
}

const free: Measured = { writesPerHour: 0, msPerWrite: 0, bytes: 0, notCounted: [] };

/** Reads the engine's own counters; outside of any transaction of the message. */
export async function measureRunningCost(
  store: Store,
  tenantId: string,
  action: ActionRow,
  now: Date,
): Promise<RunningCost> {
  const use = await measureUse(store, tenantId, action, now).catch((error: unknown): Measured => {
    if (codeOf(error) === 'STORE_UNREACHABLE') throw error;
    // Counters that this login may not read must not hold up what was learnt.
    const why = error instanceof Error ? error.message : String(error);
    return { ...free, notCounted: [`the running cost: ${why.slice(0, 200)}`] };
  });
  const price = await store.withTenant(tenantId, (tx) => tx.settings.get(storagePriceSetting));
  const settings =
    price === null ? defaultLearning : { ...defaultLearning, storageSecondsPerGibHour: Number(price) };
  return { ...use, perHour: runningCostPerHour(use, settings) };
}

async function measureUse(store: Store, tenantId: string, action: ActionRow, now: Date): Promise<Measured> {
  if (action.verdict !== 'Kept') return free;
  if (action.type === 'CacheWarming') return store.withTenant(tenantId, (tx) => cacheUse(tx, action));
  if (action.type !== 'IndexOptimization') return free;
  // What a dropped index saves is not counted as a gain: nobody measured it.
  if (action.parameters['operation'] === 'drop') return free;
  return indexUse(store, action, now);
}

/** Answers of the action as they lie in the cache now, by their share of all entries. */
async function cacheUse(tx: TenantTransaction, action: ActionRow): Promise<Measured> {
  const own = (await tx.cache.entries(action.id)).length;
  const all = await tx.cache.size();
  return { ...free, bytes: all.entries === 0 ? 0 : (all.bytes * own) / all.entries };
}

/** Size from the catalogue; writes from the table's counters; time per entry from the build, a lower bound. */
async function indexUse(store: Store, action: ActionRow, now: Date): Promise<Measured> {
  const { definition } = action.parameters as { definition?: { name: string; table: string } };
  if (!definition) return { ...free, notCounted: ['the index: the plan does not name it'] };
  const index = (await store.maintenance.indexes()).find((i) => i.name === definition.name);
  if (!index) return { ...free, notCounted: [`the index ${definition.name}: it is not there`] };
  const { writesPerHour, rows, notCounted } = await writesOf(store, definition.table, now);
  const { buildMs } = (action.progress['applied'] ?? {}) as { buildMs?: number };
  const unknown = buildMs === undefined || rows === 0;
  return {
    writesPerHour,
    msPerWrite: unknown ? 0 : buildMs / rows,
    bytes: index.sizeBytes,
    notCounted: unknown ? [...notCounted, 'time of a write: the build was not timed'] : notCounted,
  };
}

async function writesOf(
  store: Store,
  table: string,
  now: Date,
): Promise<{ writesPerHour: number; rows: number; notCounted: string[] }> {
  const none = (why: string) => ({ writesPerHour: 0, rows: 0, notCounted: [`writes of ${table}: ${why}`] });
  const statements = await store.maintenance.statistics.statements({ limit: statementsMax, minCalls: 1 });
  if ('unavailable' in statements) return none(statements.unavailable);
  const counters = statements.flatMap((s) => s.tables).find((t) => t.table === table);
  if (!counters) return none('no statement that the engine counted names it');
  const { analyzedAt, rows, rowsModified } = counters;
  if (!analyzedAt) return { ...none('the engine does not say since when it counts them'), rows };
  const hours = (now.getTime() - analyzedAt.getTime()) / hourMs;
  if (hours < countedHoursMin) return { ...none('counted for less than a minute'), rows };
  return { writesPerHour: rowsModified / hours, rows, notCounted: [] };
}
