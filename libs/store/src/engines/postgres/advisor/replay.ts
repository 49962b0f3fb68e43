import type { Pool, PoolClient } from 'pg';
import type { ReplayOptions } from '../../../port/maintenance.js';
import type { TenantTransaction } from '../../../port/store.js';
import { restoreStatistics } from './table-statistics.js';

/**
 * Runs requests in a transaction that is always rolled back. The watched indexes get the same catalogue write in both
 * arms (pg_index.indisvalid), so that rebuilding the relation cache costs both the same; hidden ones are invisible
 * to the planner in this transaction only, and where writes are replayed they get no entries there (indisready). The
 * statements run under the application's role, so that row-level security shapes the plans as it does for live
 * requests. HOT updates that an index blocks stay blocked while it is hidden: the engine asks for its columns, not
 * for its state.
 */
export async function replayHidden<T>(
  superuser: Pool,
  appRole: string,
  openTenantTransaction: (client: PoolClient, tenantId: string) => Promise<TenantTransaction>,
  tenantId: string,
  options: ReplayOptions,
  work: (tx: TenantTransaction, scans: () => Promise<Map<string, number>>) => Promise<T>,
): Promise<{ value: T }> {
  const client = await superuser.connect();
  try {
    await client.query('begin');
    await client.query(
      `update pg_index set indisvalid = $2, indisready = $2 or not $3
        where indexrelid in (select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
                              where n.nspname = current_schema() and c.relname = any($1::text[]))`,
      [options.watched, !options.hidden, options.writes ?? false],
    );
    if (options.statistics) await restoreStatistics(client, options.statistics);
    await client.query(`select set_config('role', $1, true)`, [appRole]);
    const tx = await openTenantTransaction(client, tenantId);
    return { value: await work(tx, () => scansInTransaction(client, options.watched)) };
  } finally {
    await client.query('rollback').catch(() => undefined);
    client.release();
  }
}

/** Scans of each index in the current transaction, from the engine's own counters. */
async function scansInTransaction(client: PoolClient, names: string[]): Promise<Map<string, number>> {
  const result = await client.query<{ name: string; scans: string }>(
    `select c.relname::text as name, pg_stat_get_xact_numscans(c.oid)::text as scans
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = current_schema() and c.relname = any($1::text[])`,
    [names],
  );
  return new Map(result.rows.map((r) => [r.name, Number(r.scans)]));
}
