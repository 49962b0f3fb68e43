import type { AnalysisRepository, KeptAnswer } from '../port/analysis.js';
import type { TenantContext } from './context.js';

type KeptAnswerReads = Pick<AnalysisRepository, 'keptAnswers' | 'cachedKeys'>;

interface Sums {
  count: string | number;
  sizeBytes: string | number;
}

/** What the cache of answers holds, and how it is used. */
export function keptAnswerReads({ tenantId, db, sql }: TenantContext): KeptAnswerReads {
  const serving = `c.tenant_id = $1 and c.corpus_version = $2 and c.enabled = $3 and c.expires_at > ${sql.now}`;
  const bytes = sql.cast(sql.lengthBytes('c.answer'), 'bigint');
  return {
    async keptAnswers(corpusVersion, limit) {
      const [sums] = await db.rows<Sums>(
        `select count(*) as "count", coalesce(sum(${bytes}), 0) as "sizeBytes"
         from cached_activation c where ${serving}`,
        [tenantId, corpusVersion, true],
      );
      const rows = await db.rows<KeptAnswer & { hits: string | number; sizeBytes: string | number }>(
        `select c.action_id as "actionId", a.applied_at as "since", c.model_id as "modelId",
           c.input_hash as "inputHash", c.hits as "hits", c.compute_ms as "computeMs", ${bytes} as "sizeBytes"
         from cached_activation c join action a on a.tenant_id = c.tenant_id and a.id = c.action_id
         where ${serving} and c.measuring = $4 and a.state = 'Kept' and a.applied_at is not null
         order by a.applied_at desc, ${sql.idText('a.id')}, c.hits * c.compute_ms, c.input_hash
         offset 0 rows fetch next $5 rows only`,
        [tenantId, corpusVersion, true, false, limit],
      );
      return {
        answers: rows.map((row) => ({ ...row, hits: Number(row.hits), sizeBytes: Number(row.sizeBytes) })),
        count: Number(sums!.count),
        sizeBytes: Number(sums!.sizeBytes),
      };
    },

    async cachedKeys(modelId, corpusVersion, inputHashes) {
      if (inputHashes.length === 0) return [];
      const params: unknown[] = [tenantId, corpusVersion, modelId];
      const rows = await db.rows<{ inputHash: string }>(
        `select c.input_hash as "inputHash" from cached_activation c
         where c.tenant_id = $1 and c.corpus_version = $2 and c.model_id = $3 and c.expires_at > ${sql.now}
           and ${sql.anyOf('c.input_hash', 'text', inputHashes, params)}
         order by c.input_hash`,
        params,
      );
      return rows.map((row) => row.inputHash);
    },
  };
}
