import { HartoError, newId } from '@hartonomous/contracts';
import type { AliasSpan, ModelRepository, ModelRow } from '../port/models.js';
import type { ModelEntity } from '../entities/entities.js';
import type { TenantContext } from './context.js';
import { sealModel } from './provenance-writers.js';
import { aliasTable, rowsAt } from './versioned.js';

export const nativeModelName = 'native';
/** The alias that a search without a model names. */
export const servingAlias = 'default';

/** Position terms start unweighted: they are fitted, or stay 0. sigma in map units. */
const nativeRanking: ModelRow['ranking'] = { a: 0, b: 0, sigma: 10 };

const readModel = (e: Pick<ModelEntity, Exclude<keyof ModelEntity, 'tenantId'>>): ModelRow => ({
  id: e.id,
  name: e.name,
  architecture: e.architecture,
  parentId: e.parentId,
  version: e.version,
  status: e.status,
  ranking: JSON.parse(e.ranking) as ModelRow['ranking'],
});

export function modelRepository(context: TenantContext): ModelRepository {
  return { ...versions(context), ...aliases(context) };
}

type Versions = Pick<ModelRepository, 'ensureNative' | 'get' | 'list'>;

function versions(context: TenantContext): Versions {
  const { tenantId, db, sql, entities } = context;
  const findNative = () =>
    db.manager.findOneBy(entities.model, { tenantId, name: nativeModelName, version: 1 });

  const createNative = async (): Promise<ModelEntity> => {
    const params: unknown[] = [];
    const columns = {
      tenant_id: 'uuid',
      id: 'uuid',
      name: 'text',
      architecture: 'text',
      version: 'int',
      status: 'text',
      ranking: 'text',
    } as const;
    const row = [tenantId, newId(), nativeModelName, 'atoms', 1, 'ready', JSON.stringify(nativeRanking)];
    const names = Object.keys(columns);
    await db.run(
      sql.insertNew({
        table: 'model',
        columns: names,
        select: names.map((name) => `r.${name}`),
        from: sql.rowset('r', columns, [row], params),
        match: 'model.tenant_id = r.tenant_id and model.name = r.name and model.version = r.version',
      }),
      params,
    );
    const created = (await findNative())!;
    await sealModel(context, created.id);
    await putAlias(context, servingAlias, created.id, 'store', 'first model of the corpus', true);
    return created;
  };

  return {
    ensureNative: async () => readModel((await findNative()) ?? (await createNative())),

    async get(id) {
      const row = await db.manager.findOneBy(entities.model, { tenantId, id });
      return row ? readModel(row) : null;
    },

    async list() {
      const rows = await db.manager.find(entities.model, {
        where: { tenantId },
        order: { name: 'asc', version: 'asc' },
      });
      return rows.map(readModel);
    },
  };
}

function aliases(context: TenantContext): Omit<ModelRepository, keyof Versions> {
  const { tenantId, db, sql, entities } = context;
  return {
    async resolve(alias, asOf) {
      const params: unknown[] = [tenantId, alias];
      const at = asOf ? sql.cast(`$${params.push(asOf)}`, 'instant') : null;
      const [row] = await db.rows<ModelEntity>(
        `select m.id as "id", m.name as "name", m.architecture as "architecture", m.parent_id as "parentId",
           m.version as "version", m.status as "status", m.ranking as "ranking"
         from ${rowsAt(aliasTable, at)} a join model m on m.tenant_id = a.tenant_id and m.id = a.model_id
         where a.tenant_id = $1 and a.alias = $2`,
        params,
      );
      return row ? readModel(row) : null;
    },

    aliasHistory: (alias, limit) =>
      db.rows<AliasSpan>(
        `select a.model_id as "modelId", a.previous_model_id as "previousModelId", a.changed_by as "by",
           a.why as "why", a.valid_from as "from", a.valid_to as "until"
         from (select tenant_id, alias, model_id, previous_model_id, changed_by, why, changed_at as valid_from,
             ${sql.cast('null', 'instant')} as valid_to from model_alias
           union all
           select tenant_id, alias, model_id, previous_model_id, changed_by, why, valid_from, valid_to
           from model_alias_history) a
         where a.tenant_id = $1 and a.alias = $2 and (a.valid_to is null or a.valid_from < a.valid_to)
         order by a.valid_from desc offset 0 rows fetch next $3 rows only`,
        [tenantId, alias, limit],
      ),

    aliases: () =>
      db.rows<AliasSpan & { alias: string }>(
        `select alias as "alias", model_id as "modelId", previous_model_id as "previousModelId",
           changed_by as "by", why as "why", changed_at as "from", ${sql.cast('null', 'instant')} as "until"
         from model_alias where tenant_id = $1 order by alias`,
        [tenantId],
      ),

    async lockAlias(alias) {
      await db.run('update model_alias set why = why where tenant_id = $1 and alias = $2', [tenantId, alias]);
    },

    async setAlias(alias, modelId, by, why) {
      if (!(await db.manager.existsBy(entities.model, { tenantId, id: modelId }))) {
        throw new HartoError('NOT_FOUND', 'no such model version');
      }
      await putAlias(context, alias, modelId, by, why, false);
    },
  };
}

async function putAlias(
  { tenantId, db, sql }: TenantContext,
  alias: string,
  modelId: string,
  by: string,
  why: string,
  keepExisting: boolean,
): Promise<void> {
  const params: unknown[] = [];
  const columns = {
    tenant_id: 'uuid',
    alias: 'text',
    model_id: 'uuid',
    changed_by: 'text',
    why: 'text',
  } as const;
  const names = Object.keys(columns);
  const from = sql.rowset('r', columns, [[tenantId, alias, modelId, by, why]], params);
  if (keepExisting) {
    const select = names.map((name) => `r.${name}`);
    const match = 'model_alias.tenant_id = r.tenant_id and model_alias.alias = r.alias';
    await db.run(sql.insertNew({ table: 'model_alias', columns: names, select, from, match }), params);
    return;
  }
  // Holds the row, so that the version before is the one that this change replaces.
  await db.run('update model_alias set why = why where tenant_id = $1 and alias = $2', [tenantId, alias]);
  const withPrevious = `(select r.*, a.model_id as previous_model_id from ${from}
    left join model_alias a on a.tenant_id = r.tenant_id and a.alias = r.alias) r`;
  await db.rows(sql.versionedUpsert(aliasTable, withPrevious), params);
}
