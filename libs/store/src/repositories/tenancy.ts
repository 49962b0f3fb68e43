import { newId, type Scope } from '@hartonomous/contracts';
import type {
  KeyIdentity,
  PrincipalRepository,
  PrincipalRow,
  TenantRepository,
  TenantRow,
} from '../port/tenancy.js';
import type { SystemContext, TenantContext } from './context.js';

export function tenantRepository({ db, sql, entities }: SystemContext): TenantRepository {
  const find = (name: string) => db.manager.findOneBy(entities.tenant, { name });
  return {
    async ensure(name: string): Promise<TenantRow> {
      const known = await find(name);
      if (known) return { id: known.id, name: known.name };
      const params: unknown[] = [];
      const from = sql.rowset('r', { id: 'uuid', name: 'text' }, [[newId(), name]], params);
      await db.run(
        sql.insertNew({
          table: 'tenant',
          columns: ['id', 'name'],
          select: ['r.id', 'r.name'],
          from,
          match: 'tenant.name = r.name',
        }),
        params,
      );
      const row = await find(name);
      for (const table of ['corpus_state', 'audit_head']) {
        const values: unknown[] = [];
        const one = sql.rowset('r', { tenant_id: 'uuid' }, [[row!.id]], values);
        const match = `${table}.tenant_id = r.tenant_id`;
        await db.run(
          sql.insertNew({ table, columns: ['tenant_id'], select: ['r.tenant_id'], from: one, match }),
          values,
        );
      }
      return { id: row!.id, name: row!.name };
    },

    async list() {
      const rows = await db.manager.find(entities.tenant, { order: { name: 'asc' } });
      return rows.map(({ id, name }) => ({ id, name }));
    },

    async identify(keyHash: string): Promise<KeyIdentity | null> {
      const [row] = await db.rows<Omit<KeyIdentity, 'scopes'> & { scopes: string }>(
        `select k.id as "keyId", k.tenant_id as "tenantId", k.principal_id as "principalId", p.name as "principal",
           k.scopes as "scopes"
         from api_key k join principal p on p.tenant_id = k.tenant_id and p.id = k.principal_id
         where k.key_hash = $1 and k.revoked_at is null and (k.expires_at is null or k.expires_at > ${sql.now})`,
        [keyHash],
      );
      return row ? { ...row, scopes: JSON.parse(row.scopes) as Scope[] } : null;
    },
  };
}

export function principalRepository({ tenantId, db, sql, entities }: TenantContext): PrincipalRepository {
  const find = (name: string) => db.manager.findOneBy(entities.principal, { tenantId, name });
  const plain = ({ id, name }: { id: string; name: string }): PrincipalRow => ({ id, tenantId, name });
  return {
    async ensure(name) {
      const known = await find(name);
      if (known) return plain(known);
      const params: unknown[] = [];
      const from = sql.rowset(
        'r',
        { tenant_id: 'uuid', id: 'uuid', name: 'text' },
        [[tenantId, newId(), name]],
        params,
      );
      await db.run(
        sql.insertNew({
          table: 'principal',
          columns: ['tenant_id', 'id', 'name'],
          select: ['r.tenant_id', 'r.id', 'r.name'],
          from,
          match: 'principal.tenant_id = r.tenant_id and principal.name = r.name',
        }),
        params,
      );
      return plain((await find(name))!);
    },

    async list() {
      const rows = await db.manager.find(entities.principal, { where: { tenantId }, order: { name: 'asc' } });
      return rows.map(plain);
    },

    async addKey({ principalId, keyHash, scopes, label, expiresAt }) {
      const id = newId();
      await db.run(
        `insert into api_key (id, tenant_id, principal_id, key_hash, scopes, label, expires_at)
         values ($1, $2, $3, $4, $5, $6, ${sql.cast('$7', 'instant')})`,
        [id, tenantId, principalId, keyHash, JSON.stringify(scopes), label, expiresAt],
      );
      return id;
    },

    async revokeKey(keyId) {
      const changed = await db.run(
        `update api_key set revoked_at = ${sql.now} where tenant_id = $1 and id = $2 and revoked_at is null`,
        [tenantId, keyId],
      );
      return changed === 1;
    },
  };
}
