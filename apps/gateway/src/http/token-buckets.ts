export interface BucketLimits {
  /** Tokens that come back in a second. */
  perSecond: number;
  /** Tokens of a full bucket. */
  burst: number;
  /** Names remembered; the one that was used longest ago is forgotten first. */
  namesMax: number;
}

/** Token buckets by name, in memory: each replica of the gateway counts for itself. */
export class TokenBuckets {
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>();

  constructor(private readonly limits: BucketLimits) {}

  /** Takes one token at the monotonic time `nowMs`; 0, or the seconds until there will be one. */
  take(name: string, nowMs: number): number {
    const { perSecond, burst, namesMax } = this.limits;
    const known = this.#buckets.get(name);
    const back = known ? ((nowMs - known.atMs) / 1_000) * perSecond : 0;
    const tokens = known ? Math.min(burst, known.tokens + back) : burst;
    // Deleted and set again: the map's order is then the order of use.
    this.#buckets.delete(name);
    if (!known && this.#buckets.size >= namesMax) this.#buckets.delete(this.#buckets.keys().next().value!);
    const taken = tokens >= 1;
    this.#buckets.set(name, { tokens: taken ? tokens - 1 : tokens, atMs: nowMs });
    return taken ? 0 : (1 - tokens) / perSecond;
  }

  get size(): number {
    return this.#buckets.size;
  }
}
