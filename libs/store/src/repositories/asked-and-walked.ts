import type { SearchRequest } from '@hartonomous/contracts';
import type { AnalysisRepository, SessionPath } from '../port/analysis.js';
import type { TenantContext } from './context.js';

type AskedAndWalked = Pick<AnalysisRepository, 'inputs' | 'sessionPaths'>;

/** What named requests asked, and which way named sessions went. */
export function askedAndWalked({ tenantId, db, sql }: TenantContext): AskedAndWalked {
  return {
    async inputs(ids) {
      if (ids.length === 0) return [];
      const params: unknown[] = [tenantId];
      const rows = await db.rows<{ id: string; input: string }>(
        `select r.id as "id", r.input as "input" from inference_request r
         where r.tenant_id = $1 and ${sql.anyOf('r.id', 'uuid', ids, params)} order by ${sql.idText('r.id')}`,
        params,
      );
      return rows.map(({ id, input }) => ({ id, input: JSON.parse(input) as SearchRequest }));
    },

    async sessionPaths(ids, pointsMax) {
      if (ids.length === 0) return [];
      const params: unknown[] = [tenantId, pointsMax];
      const rows = await db.rows<{ id: string; x: number; y: number }>(
        `select session_id as "id", x as "x", y as "y"
         from (
           select p.session_id, p.x, p.y,
             row_number() over (partition by p.session_id order by p.visited_at, ${sql.idText('p.request_id')}) as nth
           from session_path p where p.tenant_id = $1 and ${sql.anyOf('p.session_id', 'uuid', ids, params)}) w
         where nth <= $2 order by ${sql.idText('session_id')}, nth`,
        params,
      );
      const paths = new Map<string, SessionPath>();
      for (const { id, x, y } of rows) {
        const path = paths.get(id) ?? { id, points: [] };
        paths.set(id, path);
        path.points.push(x, y);
      }
      return [...paths.values()];
    },
  };
}
