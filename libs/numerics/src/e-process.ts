import { NumericsError } from './errors.js';
import { requireFinite, requireInRange, requireInside } from './preconditions.js';
import type { Interval } from './wilson.js';

/** Bets of the default mixture. */
export const DEFAULT_BETS: readonly number[] = [0.1, 0.25, 0.5, 0.75, 0.95];

/** Wealth of each bet in natural logarithms; plain data, mergeable only by replaying. */
export interface EProcess {
  readonly bets: readonly number[];
  readonly logWealth: number[];
  count: number;
}

/** A fresh process (E = 1). Each bet must lie inside (0, 1): throws `E_PROCESS_INVALID`. */
export function createEProcess(bets: readonly number[] = DEFAULT_BETS): EProcess {
  if (bets.length === 0) throw new NumericsError('E_PROCESS_EMPTY', 'at least one bet is needed');
  for (const bet of bets) requireInside('E_PROCESS', 'bet', bet, 0, 1);
  return { bets: [...bets], logWealth: bets.map(() => 0), count: 0 };
}

/** Bets on one outcome g in [-1, 1]: wealth *= 1 + lambda g. Throws `E_PROCESS_INVALID` outside. O(bets). */
export function updateEProcess(process: EProcess, g: number): void {
  requireInRange('E_PROCESS', 'g', g, -1, 1);
  for (let i = 0; i < process.bets.length; i++) process.logWealth[i] += Math.log1p(process.bets[i] * g);
  process.count++;
}

/** ln of the mixture: ln mean exp(logWealth), without overflow. */
export function logEValue(process: EProcess): number {
  const top = Math.max(...process.logWealth);
  let sum = 0;
  for (const wealth of process.logWealth) sum += Math.exp(wealth - top);
  return top + Math.log(sum / process.logWealth.length);
}

/**
 * E = mean over lambda of product(1 + lambda g). If E[g_i | past] <= 0, E is a non-negative supermartingale
 * started at 1, so P(ever E >= 1/alpha) <= alpha at any stopping time (Ville). Waudby-Smith & Ramdas 2024.
 */
export function eValue(process: EProcess): number {
  return Math.exp(logEValue(process));
}

/** E-value of a whole sequence of outcomes in [-1, 1]; 1 for an empty one. */
export function eValueOf(outcomes: ArrayLike<number>, bets: readonly number[] = DEFAULT_BETS): number {
  const process = createEProcess(bets);
  for (let i = 0; i < outcomes.length; i++) updateEProcess(process, outcomes[i]);
  return eValue(process);
}

/** Options of {@link anytimeInterval}. */
export interface AnytimeIntervalOptions {
  /** Unit of one full bet, same unit as the differences, > 0. */
  scale: number;
  /** An effect is rejected once either side's E reaches this; 40 a side = 95 %. */
  threshold?: number;
  bets?: readonly number[];
  /** Keep rejections of earlier moments (the running intersection, valid at any stopping time). Default true. */
  running?: boolean;
}

/** True when some moment (or only the last one) has E >= threshold for sign * (d_i - effect) / scale. */
function rejects(
  differences: ArrayLike<number>,
  effect: number,
  sign: number,
  options: Required<AnytimeIntervalOptions>,
): boolean {
  const process = createEProcess(options.bets);
  const limit = Math.log(options.threshold);
  for (let i = 0; i < differences.length; i++) {
    const g = (sign * (differences[i] - effect)) / options.scale;
    updateEProcess(process, Math.max(-1, Math.min(1, g)));
    if (options.running && logEValue(process) >= limit) return true;
  }
  return logEValue(process) >= limit;
}

/**
 * Anytime-valid interval for the typical difference: the effects that neither side's e-process rejects. Each
 * side is monotone in the effect, so each end is found by bisection to 1e-9 of the scale. (-Infinity, Infinity)
 * ends mean "not yet bounded". O(n x bets x 80). Throws `ANYTIME_INVALID`, `ANYTIME_NOT_FINITE`.
 */
export function anytimeInterval(differences: ArrayLike<number>, options: AnytimeIntervalOptions): Interval {
  requireFinite('ANYTIME', differences);
  requireInside('ANYTIME', 'scale', options.scale, 0, Infinity);
  const filled = { threshold: 40, bets: DEFAULT_BETS, running: true, ...options };
  requireInside('ANYTIME', 'threshold', filled.threshold, 1, Infinity);
  let min = Infinity;
  let max = -Infinity;
  for (let i = 0; i < differences.length; i++) {
    min = Math.min(min, differences[i]);
    max = Math.max(max, differences[i]);
  }
  const floor = min - 2 * filled.scale;
  const ceiling = max + 2 * filled.scale;
  const bisect = (rejected: number, accepted: number, sign: number): number => {
    let out = rejected;
    let inside = accepted;
    for (let step = 0; step < 200 && Math.abs(out - inside) > 1e-9 * filled.scale; step++) {
      const middle = out / 2 + inside / 2;
      if (rejects(differences, middle, sign, filled)) out = middle;
      else inside = middle;
    }
    return out;
  };
  const low = rejects(differences, floor, 1, filled) ? bisect(floor, ceiling, 1) : -Infinity;
  const high = rejects(differences, ceiling, -1, filled) ? bisect(ceiling, floor, -1) : Infinity;
  return { low, high };
}

/**
 * E-value of "the error probability is at most p0" against a grid of larger probabilities: mean of likelihood
 * ratios p0 -> p0 + f (1 - p0), f in {1/64, 1/32, ..., 1/2}. O(grid). `failures` of `trials`; throws
 * `BERNOULLI_INVALID` unless 0 < p0 < 1.
 */
export function bernoulliEValue(failures: number, trials: number, p0: number): number {
  requireInside('BERNOULLI', 'p0', p0, 0, 1);
  requireInRange('BERNOULLI', 'failures', failures, 0, trials);
  const logs: number[] = [];
  for (let f = 1 / 64; f <= 0.5; f *= 2) {
    const p1 = p0 + f * (1 - p0);
    logs.push(failures * Math.log(p1 / p0) + (trials - failures) * Math.log((1 - p1) / (1 - p0)));
  }
  const top = Math.max(...logs);
  return Math.exp(top) * (logs.reduce((sum, log) => sum + Math.exp(log - top), 0) / logs.length);
}
