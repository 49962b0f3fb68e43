import type { CachedAnswer, CacheRepository } from '../port/serving.js';
import type { Columns } from '../sql/dialect.js';
import type { TenantContext } from './context.js';

const loadColumns: Columns = { input_hash: 'text', answer: 'text', compute_ms: 'float' };
const cacheKey = ['tenant_id', 'model_id', 'input_hash'];

export function cacheRepository(context: TenantContext): CacheRepository {
  return { ...cacheReads(context), ...cacheExperiment(context) };
}

type CacheReads = Pick<CacheRepository, 'find' | 'countHits' | 'entries' | 'size'>;

function cacheReads({ tenantId, db, sql }: TenantContext): CacheReads {
  return {
    async find(modelId, corpusVersion, inputHash) {
      const [row] = await db.rows<CachedAnswer>(
        `select input_hash as "inputHash", answer as "output", enabled as "enabled", action_id as "actionId",
           block_no as "blockNo", measuring as "measuring"
         from cached_activation where tenant_id = $1 and model_id = $2 and input_hash = $3 and corpus_version = $4
           and expires_at > ${sql.now}`,
        [tenantId, modelId, inputHash, corpusVersion],
      );
      return row ?? null;
    },

    async countHits(modelId, hits) {
      if (hits.length === 0) return;
      const sums = new Map<string, number>();
      for (const hit of hits) sums.set(hit.inputHash, (sums.get(hit.inputHash) ?? 0) + hit.count);
      const rows = [...sums].sort(([a], [b]) => (a < b ? -1 : 1));
      const params: unknown[] = [tenantId, modelId];
      const from = sql.rowset('r', { input_hash: 'text', n: 'int' }, rows, params);
      await db.run(
        sql.update({
          table: 'cached_activation',
          set: ['hits = hits + r.n', 'saved_ms = saved_ms + r.n * compute_ms'],
          from,
          where: 'tenant_id = $1 and model_id = $2 and cached_activation.input_hash = r.input_hash',
        }),
        params,
      );
    },

    async entries(actionId) {
      const rows = await db.rows<{ inputHash: string; enabled: boolean; hits: string | number }>(
        `select input_hash as "inputHash", enabled as "enabled", hits as "hits" from cached_activation
         where tenant_id = $1 and action_id = $2 order by input_hash`,
        [tenantId, actionId],
      );
      return rows.map((row) => ({ ...row, hits: Number(row.hits) }));
    },

    async size() {
      const bytes = sql.cast(`coalesce(sum(${sql.cast(sql.lengthBytes('answer'), 'bigint')}), 0)`, 'bigint');
      const [row] = await db.rows<{ entries: string | number; bytes: string | number }>(
        `select count(*) as "entries", ${bytes} as "bytes" from cached_activation where tenant_id = $1`,
        [tenantId],
      );
      return { entries: Number(row.entries), bytes: Number(row.bytes) };
    },
  };
}

type CacheExperiment = Pick<CacheRepository, 'load' | 'drawArms' | 'keep' | 'unload'>;

function cacheExperiment({ tenantId, db, sql }: TenantContext): CacheExperiment {
  return {
    async load(modelId, corpusVersion, actionId, entries, expiresAt) {
      if (entries.length === 0) return 0;
      const params: unknown[] = [tenantId, modelId, corpusVersion, actionId, expiresAt, false, true];
      const byHash = new Map(entries.map((e) => [e.inputHash, [e.inputHash, e.output, e.computeMs]]));
      const rows = sql.rowset('e', loadColumns, [...byHash.values()], params);
      const p = (n: number, type: 'uuid' | 'bigint' | 'instant' | 'boolean') => sql.cast(`$${n}`, type);
      const from = `(select ${p(1, 'uuid')} as tenant_id, ${p(2, 'uuid')} as model_id, e.input_hash,
        ${p(3, 'bigint')} as corpus_version, e.answer, e.compute_ms, ${p(4, 'uuid')} as action_id,
        ${p(6, 'boolean')} as enabled, ${p(7, 'boolean')} as measuring, ${p(5, 'instant')} as expires_at from ${rows}) r`;
      const columns = [
        ...cacheKey,
        'corpus_version',
        'answer',
        'compute_ms',
        'action_id',
        'enabled',
        'measuring',
        'expires_at',
      ];
      const update = Object.fromEntries(columns.slice(cacheKey.length).map((c) => [c, `excluded.${c}`]));
      return db.run(
        sql.upsert({
          table: 'cached_activation',
          keys: cacheKey,
          columns,
          from,
          update: { ...update, block_no: 'null', hits: '0', saved_ms: '0' },
          // An answer that still serves belongs to whoever put it there.
          when:
            'cached_activation.corpus_version <> excluded.corpus_version' +
            ` or cached_activation.expires_at <= ${sql.now} or cached_activation.action_id = excluded.action_id`,
        }),
        params,
      );
    },

    async drawArms(actionId, blockNo, treated) {
      const params: unknown[] = [tenantId, actionId, blockNo, true, false];
      const isTreated = sql.anyOf('input_hash', 'text', treated, params);
      const arm = sql.cast(`case when ${isTreated} then $4 else $5 end`, 'boolean');
      await db.run(
        `update cached_activation set enabled = ${arm}, block_no = $3
         where tenant_id = $1 and action_id = $2 and measuring = $4`,
        params,
      );
    },

    keep: (actionId) =>
      db.run(
        `update cached_activation set enabled = $3, measuring = $4, block_no = null
         where tenant_id = $1 and action_id = $2`,
        [tenantId, actionId, true, false],
      ),

    unload: (actionId) =>
      db.run('delete from cached_activation where tenant_id = $1 and action_id = $2', [tenantId, actionId]),
  };
}
