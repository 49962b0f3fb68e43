import { shuffle } from '@hartonomous/numerics';
import { rngOfText } from './random.js';
import { scaledMs } from './cadence.js';

export type Arm = 'control' | 'treated';

/** A request key (or bucket) and its traffic in requests per hour. */
export interface KeyTraffic {
  readonly key: string;
  readonly traffic: number;
}

export interface KeyPair {
  readonly first: string;
  readonly second: string;
  /** Smaller traffic over larger, 1 = equal. */
  readonly balance: number;
}

/**
 * Pairs keys of equal traffic: sorted by traffic, neighbours together; pairs less balanced than `balanceMin` and
 * an odd last key stay out. Ties go by key, so the pairing depends on nothing else.
 */
export function pairKeys(keys: readonly KeyTraffic[], balanceMin = 0.5): KeyPair[] {
  const ordered = keys
    .filter(({ traffic }) => traffic > 0)
    .toSorted((a, b) => b.traffic - a.traffic || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const pairs: KeyPair[] = [];
  for (let i = 0; i + 1 < ordered.length; i++) {
    const balance = ordered[i + 1].traffic / ordered[i].traffic;
    if (balance < balanceMin) continue;
    pairs.push({ first: ordered[i].key, second: ordered[i + 1].key, balance });
    i++;
  }
  return pairs;
}

/**
 * The treated key of each pair, drawn anew for every block (a fixed split confounds) and repeatable from the
 * seed. Returns the arm of every paired key; other keys are in no arm.
 */
export function armsOfBlock(
  pairs: readonly KeyPair[],
  seed: string | number,
  blockNo: number,
): ReadonlyMap<string, Arm> {
  const rng = rngOfText(`${seed}|block|${blockNo}`);
  const arms = new Map<string, Arm>();
  for (const pair of pairs) {
    const firstIsTreated = rng() < 0.5;
    arms.set(pair.first, firstIsTreated ? 'treated' : 'control');
    arms.set(pair.second, firstIsTreated ? 'control' : 'treated');
  }
  return arms;
}

/** Order of the two adjacent blocks of a switchback pair. */
export const switchbackOrder = (seed: string | number, pairNo: number): readonly [Arm, Arm] =>
  rngOfText(`${seed}|switchback|${pairNo}`)() < 0.5 ? ['control', 'treated'] : ['treated', 'control'];

/** Least length of a switchback block before the time scale, and the share of it that is discarded. */
export const switchbackBlockMsMin = 60_000;
export const switchbackDiscard = 0.2;

export interface BlockWindow {
  readonly fromMs: number;
  /** Measurements before this instant still show the other arm. */
  readonly countsFromMs: number;
  readonly toMs: number;
}

/** Window of a switchback block that starts at `fromMs`; it also ends no sooner than its 20 requests are in. */
export function switchbackWindow(
  fromMs: number,
  timeScale = 1,
  lengthMs = switchbackBlockMsMin,
): BlockWindow {
  const length = scaledMs(Math.max(lengthMs, switchbackBlockMsMin), timeScale);
  return { fromMs, countsFromMs: fromMs + switchbackDiscard * length, toMs: fromMs + length };
}

/** Which arm runs first for each replayed request of a pair: balanced (half and half), in random order. */
export function replayOrder(seed: string | number, pairNo: number, requests: number): Arm[] {
  const rng = rngOfText(`${seed}|replay|${pairNo}`);
  const order: Arm[] = Array.from({ length: requests }, (_, i) => (i % 2 === 0 ? 'control' : 'treated'));
  // An odd one out must not favour an arm over many pairs.
  if (requests % 2 === 1 && rng() < 0.5) order[requests - 1] = 'treated';
  return shuffle(rng, order);
}
