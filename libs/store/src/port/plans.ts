import type { Unavailable } from './maintenance.js';

/** A statement whose newest plan is slower than one that it had before, as the engine measured both. */
export interface RegressedPlan {
  queryId: string;
  planId: string;
  meanMs: number;
  betterPlanId: string;
  betterMeanMs: number;
  /** Runs with the newest plan. */
  calls: number;
  statement: string;
}

/** A statement that is held to one of its plans. */
export interface ForcedPlan {
  queryId: string;
  planId: string;
}

/** Plans that the engine keeps with their times; `unavailable` on an engine without such a store. */
export interface PlanMaintenance {
  /** `factorMin`: how much slower the newest plan is at least. */
  regressions(options: {
    limit: number;
    minCalls: number;
    factorMin: number;
  }): Promise<RegressedPlan[] | Unavailable>;
  /** All that are held now, by whomever. */
  forced(): Promise<ForcedPlan[] | Unavailable>;
  /** Holds a statement to a plan, and to no other; the inverse is `unforce` of the same two. */
  force(queryId: string, planId: string): Promise<{ forced: boolean } | Unavailable>;
  unforce(queryId: string, planId: string): Promise<{ forced: boolean } | Unavailable>;
}
