/** A computation that has a chunk to hand out. */
export interface Candidate {
  tenantId: string;
  computationId: string;
  /** Work of the loop itself waits for everything that a user asked for. */
  lane: 'user' | 'tuning';
  /** -10..10; within a tenant only. */
  priority: number;
  /** Order of submission. */
  order: number;
  /** Its chunks under way. */
  running: number;
}

export interface TenantUse {
  tenantId: string;
  /** Worker time of the recent window: finished chunks, and those under way so far and as expected. */
  usedMs: number;
  /** Share weight, default 1. */
  weight?: number;
}

/**
 * Which computation gets the next free worker: users before tuning; the tenant with the least worker time for its
 * weight; within it the higher priority, then the one with fewer chunks under way, then the older. Null when idle.
 */
export function chooseNext<C extends Candidate>(candidates: C[], uses: TenantUse[]): C | null {
  const used = new Map(uses.map((use) => [use.tenantId, use.usedMs / (use.weight ?? 1)]));
  const before = (a: C, b: C): number =>
    Number(a.lane === 'tuning') - Number(b.lane === 'tuning') ||
    (used.get(a.tenantId) ?? 0) - (used.get(b.tenantId) ?? 0) ||
    compareText(a.tenantId, b.tenantId) ||
    b.priority - a.priority ||
    a.running - b.running ||
    a.order - b.order;
  return candidates.length === 0
    ? null
    : candidates.reduce((best, next) => (before(next, best) < 0 ? next : best));
}

const compareText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
