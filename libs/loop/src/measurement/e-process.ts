/**
 * Betting e-process for a bounded mean (Waudby-Smith and Ramdas 2024): under "the mean of g is at most 0" the mixture
 * E is a non-negative supermartingale that starts at 1, so P(E ever >= c) <= 1/c (Ville), however often one looks.
 */
const bets = [0.1, 0.25, 0.5, 0.75, 0.95] as const;

/** Products (1 + lambda g) of one e-process, one per bet. Plain data. */
export type BetProducts = readonly number[];

export const noEvidence: BetProducts = bets.map(() => 1);

/** Bets on one outcome, clipped to [-1, 1]. At most a few hundred factors below 2: no overflow. */
export function bet(products: BetProducts, outcome: number): BetProducts {
  const g = outcome > 1 ? 1 : outcome < -1 ? -1 : outcome;
  return products.map((product, i) => product * (1 + bets[i] * g));
}

/** E: the mean of the products. */
export function evidenceOf(products: BetProducts): number {
  let sum = 0;
  for (const product of products) sum += product;
  return sum / products.length;
}

/**
 * Whether some look at the differences so far rejected `theta` at `threshold`: direction +1 tests "the effect is at
 * most theta", -1 "at least theta". The interval is the set of theta that neither direction rejects.
 */
export function everRejects(
  differences: ArrayLike<number>,
  theta: number,
  scale: number,
  direction: 1 | -1,
  threshold: number,
): boolean {
  let products = noEvidence;
  for (let i = 0; i < differences.length; i++) {
    products = bet(products, (direction * (differences[i] - theta)) / scale);
    if (evidenceOf(products) >= threshold) return true;
  }
  return false;
}
