import pg from 'pg';
import { newId } from '@hartonomous/contracts';
import { interleave, nameTenants } from '../../contract/concurrency-contract.js';
import { openStore } from '../../open-store.js';
import { openTestStore } from '../../testing.js';

/** The two layers that keep tenants apart: `where tenant_id = ...` in every statement, and the policies. */
export interface Layers {
  statements: boolean;
  policies: boolean;
}

/**
 * Switches layers off for the table `setting`. Without its WHERE: the table's name is given to a view that calls every
 * row the asking tenant's, so that the very statements of the repository compare in vain.
 */
async function switchOff(client: pg.Client, { statements, policies }: Layers): Promise<void> {
  if (!policies) await client.query('alter table setting disable row level security');
  if (!statements) {
    await client.query(
      `alter table setting rename to setting_row;
       create view setting with (security_invoker = true) as
         select app_tenant() as tenant_id, name, value, updated_by, updated_at from setting_row;
       grant select on setting to hartonomous_app`,
    );
  }
}

/** Interleaved transactions of two tenants on a pool of two, with these layers only. */
export async function interleaveWith(
  layers: Layers,
  transactions: number,
): Promise<{ wrong: number; done: number }> {
  const t = await openTestStore();
  const other = await t.store.withSystem('test', (tx) => tx.tenants.ensure(`other-${newId()}`));
  const tenantIds = [t.tenantId, other.id];
  const client = new pg.Client({ connectionString: t.urls.superuserUrl });
  await client.connect();
  const small = await openStore({ ...t.urls, poolSize: 2 });
  try {
    await nameTenants(small, tenantIds);
    await switchOff(client, layers);
    return await interleave(small, tenantIds, transactions);
  } finally {
    await client.end();
    await small.close();
    await t.close();
  }
}

/** All tables that carry a tenant, and the atoms, without their policies. */
export async function switchPoliciesOff(superuserUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      `select c.oid::regclass::text as name from pg_class c
       where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and c.relrowsecurity`,
    );
    for (const { name } of rows) await client.query(`alter table ${name} disable row level security`);
  } finally {
    await client.end();
  }
}
