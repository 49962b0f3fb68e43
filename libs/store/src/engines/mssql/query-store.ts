import { HartoError } from '@hartonomous/contracts';
import type { QueryRunner } from 'typeorm';
import type { Unavailable } from '../../port/maintenance.js';
import type { ForcedPlan, PlanMaintenance, RegressedPlan } from '../../port/plans.js';
import { serverTraits } from './features.js';

type OnOwner = <T>(work: (runner: QueryRunner) => Promise<T>) => Promise<T>;

const off: Unavailable = { unavailable: 'plans: Query Store is not on in this database' };

/** Times stand in microseconds there. */
const perMs = 1_000;
const statementCharacters = 2_000;

/** Per query the plan that ran last and the quickest of the others, by their mean over all kept intervals. */
const regressedPlans = `with measured as (
    select p.query_id, p.plan_id, sum(s.count_executions) as calls, max(s.last_execution_time) as last_at,
      sum(s.avg_duration * s.count_executions) / sum(s.count_executions) / ${perMs} as mean_ms
    from sys.query_store_plan p join sys.query_store_runtime_stats s on s.plan_id = p.plan_id
    where s.execution_type = 0
    group by p.query_id, p.plan_id),
  ranked as (
    select m.*, row_number() over (partition by m.query_id order by m.last_at desc, m.plan_id desc) as nth
    from measured m)
  select top (@0) cast(n.query_id as varchar(20)) as [queryId], cast(n.plan_id as varchar(20)) as [planId],
    n.mean_ms as [meanMs], cast(b.plan_id as varchar(20)) as [betterPlanId], b.mean_ms as [betterMeanMs],
    n.calls as [calls], left(t.query_sql_text, ${statementCharacters}) as [statement]
  from ranked n
  cross apply (
    select top (1) o.plan_id, o.mean_ms from ranked o
    where o.query_id = n.query_id and o.plan_id <> n.plan_id and o.calls >= @1
    order by o.mean_ms, o.plan_id) b
  join sys.query_store_query q on q.query_id = n.query_id
  join sys.query_store_query_text t on t.query_text_id = q.query_text_id
  where n.nth = 1 and n.calls >= @1 and n.mean_ms >= @2 * b.mean_ms
  order by (n.mean_ms - b.mean_ms) * n.calls desc`;

const forcedPlans = `select cast(query_id as varchar(20)) as [queryId], cast(plan_id as varchar(20)) as [planId]
  from sys.query_store_plan where is_forced_plan = 1 order by query_id, plan_id`;

function idOf(text: string): string {
  if (!/^\d{1,19}$/.test(text)) throw new HartoError('INPUT_INVALID', 'a query or plan id is a whole number');
  return text;
}

async function isForced(runner: QueryRunner, queryId: string, planId: string): Promise<boolean> {
  const [row] = (await runner.query(
    'select is_forced_plan as forced from sys.query_store_plan where query_id = @0 and plan_id = @1',
    [idOf(queryId), idOf(planId)],
  )) as { forced: boolean }[];
  if (!row) throw new HartoError('NOT_FOUND', `Query Store has no plan ${planId} of query ${queryId}`);
  return row.forced;
}

/** Plan regressions as Query Store has measured them, and its plan forcing. */
export function queryStorePlans(onOwner: OnOwner): PlanMaintenance {
  const where = <T>(work: (runner: QueryRunner) => Promise<T>) =>
    onOwner(async (runner) => ((await serverTraits(runner)).queryStore ? work(runner) : off));
  // State first: both procedures fail on what is as it should be, and a repetition must not.
  const set = (to: boolean) => (queryId: string, planId: string) =>
    where(async (runner) => {
      if ((await isForced(runner, queryId, planId)) !== to) {
        const procedure = to ? 'sp_query_store_force_plan' : 'sp_query_store_unforce_plan';
        await runner.query(`exec ${procedure} @query_id = ${idOf(queryId)}, @plan_id = ${idOf(planId)}`);
      }
      return { forced: await isForced(runner, queryId, planId) };
    });
  return {
    regressions: ({ limit, minCalls, factorMin }) =>
      where(async (runner) => {
        const rows = (await runner.query(regressedPlans, [limit, minCalls, factorMin])) as (RegressedPlan & {
          calls: string | number;
        })[];
        return rows.map((row) => ({ ...row, calls: Number(row.calls) }));
      }),
    forced: () => where(async (runner) => (await runner.query(forcedPlans)) as ForcedPlan[]),
    force: set(true),
    unforce: set(false),
  };
}
