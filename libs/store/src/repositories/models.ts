import { HartoError, newId } from '@hartonomous/contracts';
import type { ModelRepository, ModelRow } from '../port/models.js';
import type { ModelEntity } from '../entities/entities.js';
import type { TenantContext } from './context.js';

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

    async resolve(alias) {
      const [row] = await db.rows<ModelEntity>(
        `select m.id as "id", m.name as "name", m.architecture as "architecture", m.parent_id as "parentId",
           m.version as "version", m.status as "status", m.ranking as "ranking"
         from model_alias a join model m on m.tenant_id = a.tenant_id and m.id = a.model_id
         where a.tenant_id = $1 and a.alias = $2`,
        [tenantId, alias],
      );
      return row ? readModel(row) : null;
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
  const text = keepExisting
    ? sql.insertNew({
        table: 'model_alias',
        columns: names,
        select: names.map((name) => `r.${name}`),
        from,
        match: 'model_alias.tenant_id = r.tenant_id and model_alias.alias = r.alias',
      })
    : sql.upsert({
        table: 'model_alias',
        keys: ['tenant_id', 'alias'],
        columns: names,
        from,
        update: {
          previous_model_id: 'model_alias.model_id',
          model_id: 'excluded.model_id',
          changed_by: 'excluded.changed_by',
          why: 'excluded.why',
          changed_at: sql.now,
        },
      });
  await db.run(text, params);
}
