import pg from 'pg';
import { newId } from '@hartonomous/contracts';
import { sweepTenants, type SweepReport } from '../../contract/tenant-sweep.js';
import type { TestStore } from '../../testing.js';

/** Digest of each tenant's rows over all tables that carry a tenant, read past the policies. */
async function readStates(client: pg.Client): Promise<Map<string, string>> {
  const tables = await client.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
     where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace order by 1`,
  );
  const each = tables.rows.map(
    ({ name }) =>
      `select tenant_id, '${name}' as name, md5(string_agg(t::text, '|' order by t::text)) as digest
       from "${name}" t group by tenant_id`,
  );
  const { rows } = await client.query<{ tenant: string; digest: string }>(
    `select tenant_id::text as tenant, md5(string_agg(name || digest, '|' order by name)) as digest
     from (${each.join(' union all ')}) s where tenant_id is not null group by tenant_id`,
  );
  return new Map(rows.map((row) => [row.tenant, row.digest]));
}

/** Sweeps fresh tenants of a test store; afterwards each atom must be counted by exactly its holders. */
export async function sweep(t: TestStore, tenants: number): Promise<SweepReport> {
  const ids: string[] = [];
  for (let i = 0; i < tenants; i++) {
    const name = `sweep-${newId()}`;
    ids.push((await t.store.withSystem('test', (tx) => tx.tenants.ensure(name))).id);
  }
  const client = new pg.Client({ connectionString: t.urls.superuserUrl });
  await client.connect();
  try {
    const report = await sweepTenants(t.store, ids, () => readStates(client));
    const miscounted = await client.query(
      `select a.id from atom a
       where a.reference_count <> (select count(*) from tenant_atom h where h.atom_id = a.id)`,
    );
    if (miscounted.rows.length > 0) report.leaks.push(`${miscounted.rows.length} atoms are miscounted`);
    return report;
  } finally {
    await client.end();
  }
}
