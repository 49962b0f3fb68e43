import type { Rng } from '@hartonomous/numerics';
import {
  defaultBandit,
  drawRates,
  fadeTo,
  meanRates,
  posteriorOf,
  type ArmBelief,
  type ArmPrior,
  type BanditSettings,
} from './belief.js';
import { valuePerHour, type Economics } from './value.js';

/** 'greedy' and 'uniform' are what simulations compare with; the loop runs 'thompson'. */
export type Policy = 'thompson' | 'greedy' | 'uniform';

/** One candidate as the bandit sees it. */
export interface Option {
  readonly id: string;
  readonly arm: ArmBelief;
  readonly prior: ArmPrior;
  readonly economics: Economics;
  /** Reversible at once or under a minute (class A or B): may be tried to learn. */
  readonly reversible: boolean;
}

export interface Scored {
  readonly id: string;
  /** Seconds saved per hour of trial, for this draw; decides the order. */
  readonly value: number;
  /** The same at the posterior means: what is expected. */
  readonly meanValue: number;
  /** Share of draws in which this option comes first with a positive value. */
  readonly probability: number;
  /** Tried now because the arm's turn within 50 cycles is due, whatever its value. */
  readonly forced: boolean;
  /** Forecast success probability, for calibration. */
  readonly theta: number;
  readonly mu: number;
  readonly eta: number;
}

interface Prepared {
  readonly option: Option;
  readonly posterior: ReturnType<typeof posteriorOf>;
}

/**
 * Options in the order in which they should be tried: overdue safe arms first, then by value. Options whose value is
 * not positive stay in the list, for their reason; the caller proposes them only when `forced`.
 */
export function scoreOptions(
  options: readonly Option[],
  cycle: number,
  rng: Rng,
  policy: Policy = 'thompson',
  settings: BanditSettings = defaultBandit,
): Scored[] {
  const prepared = options.map((option): Prepared => {
    const arm = fadeTo(option.arm, cycle, settings);
    return { option, posterior: posteriorOf(arm, option.prior, settings) };
  });
  const forcedKey = policy === 'thompson' ? overdueArm(options, cycle, settings) : null;
  const probabilities = selectionProbabilities(prepared, rng, policy, settings);
  const scored = prepared.map(({ option, posterior }, i): Scored => {
    const means = meanRates(posterior);
    return {
      id: option.id,
      value: valueOf({ option, posterior }, rng, policy, settings),
      meanValue: valuePerHour(means, option.economics, settings),
      probability: probabilities[i],
      forced: false,
      ...means,
    };
  });
  const order = scored.map((_, i) => i).toSorted((a, b) => scored[b].value - scored[a].value);
  const best = order.find((i) => forcedKey !== null && options[i].arm.key === forcedKey);
  if (best === undefined) return order.map((i) => scored[i]);
  return [{ ...scored[best], forced: true }, ...order.filter((i) => i !== best).map((i) => scored[i])];
}

function valueOf(
  { option, posterior }: Prepared,
  rng: Rng,
  policy: Policy,
  settings: BanditSettings,
): number {
  switch (policy) {
    case 'thompson':
      return valuePerHour(drawRates(posterior, rng), option.economics, settings);
    case 'greedy':
      // Equal arms must not be tried in the order of the list: a tie is broken far below any real difference.
      return valuePerHour(meanRates(posterior), option.economics, settings) * (1 + 1e-9 * rng());
    case 'uniform':
      return rng();
  }
}

function selectionProbabilities(
  prepared: readonly Prepared[],
  rng: Rng,
  policy: Policy,
  settings: BanditSettings,
): number[] {
  const firsts = prepared.map(() => 0);
  for (let draw = 0; draw < settings.probabilityDraws; draw++) {
    let first = -1;
    let most = 0;
    for (let i = 0; i < prepared.length; i++) {
      const value = valueOf(prepared[i], rng, policy, settings);
      if (value > most) [first, most] = [i, value];
    }
    if (first >= 0) firsts[first]++;
  }
  return firsts.map((count) => (settings.probabilityDraws === 0 ? 0 : count / settings.probabilityDraws));
}

/** Safe to try for learning alone: reversible, and not known for harm. */
export function isSafeArm(option: Option, settings: BanditSettings = defaultBandit): boolean {
  const { harms, trials } = option.arm;
  const rate = (settings.harmAlpha + harms) / (settings.harmAlpha + settings.harmBeta + trials);
  return option.reversible && rate <= settings.safeHarmRateMax;
}

/**
 * The safe arm that must be tried in this cycle so that each has its turn within 50: earliest deadline first, forced
 * as soon as the arms due by some deadline fill all the cycles that are left before it (one trial a cycle).
 */
export function overdueArm(
  options: readonly Option[],
  cycle: number,
  settings: BanditSettings = defaultBandit,
): string | null {
  const deadlines = new Map<string, number>();
  for (const option of options) {
    if (!isSafeArm(option, settings)) continue;
    // A new arm's 50 cycles begin with the one in which it was first seen.
    const since = option.arm.lastTriedCycle ?? option.arm.firstSeenCycle - 1;
    deadlines.set(option.arm.key, since + settings.tryEveryCycles);
  }
  const ordered = [...deadlines].toSorted((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1));
  const isFull = ordered.some(([, deadline], i) => deadline - cycle < i + 1);
  return isFull ? ordered[0][0] : null;
}
