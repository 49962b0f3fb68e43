import { rngOfText } from '@hartonomous/loop';
import type { EvidencePairRow } from '@hartonomous/store';

export type LabelledVectors = { concept: string; vector: Float32Array }[];

const blockSize = 20;
/** Random dealings that a grouping must beat, all of them: chance does so once in two hundred. */
export const dealings = 199;
/** Halvings that a grouping and its rivals are compared on, and atoms at most: some 30 ms of computing. */
const comparedHalvings = 2;
const comparedMax = 120;

/**
 * How many of 199 random dealings of the same labels are found again by held-out atoms as well as the labels themselves.
 * The pairs below halve one fixed set of atoms anew, and are no news about its luck: in a small set, labels that mean
 * nothing differ by more than the guard band in either direction. This bounds that luck, before any pair is looked at.
 */
export function dealingsAsGood(actionId: string, all: LabelledVectors): number {
  const rng = rngOfText(`${actionId}|dealings`);
  const atoms = shuffled(all, rng).slice(0, comparedMax);
  const halvings = Array.from({ length: comparedHalvings }, () =>
    shuffled(
      atoms.map((_, i) => i),
      rng,
    ),
  );
  const missesOf = (labels: string[]): number => {
    const dealt = atoms.map((a, i) => ({ ...a, concept: labels[i]! }));
    return halvings.reduce((sum, order) => sum + missesOfHalving(order.map((i) => dealt[i]!)), 0);
  };
  const own = atoms.map((a) => a.concept);
  const found = missesOf(own);
  let asGood = 0;
  for (let i = 0; i < dealings; i++) if (missesOf(shuffled(own, rng)) <= found) asGood++;
  return asGood;
}

/** Atoms of the second half, in this order, whose nearest centre of the first half is another group's. */
function missesOfHalving(atoms: LabelledVectors): number {
  const half = Math.floor(atoms.length / 2);
  const centres = centresOf(atoms.slice(0, half));
  const heldOut = atoms.slice(half, half + blockSize);
  return heldOut.filter((a) => nearestOf(a.vector, centres) !== a.concept).length;
}

/**
 * Held-out stability. For each pair the atoms are halved anew; centres come from one half, and 20 atoms of the other
 * look for the nearest. Treated: misses of their own concept. Control: misses of concepts dealt out at random among
 * them, which is chance. A/A pairs compare chance with chance. Empty while the other half has fewer than 20 atoms.
 */
export function stabilityPairs(
  actionId: string,
  atoms: LabelledVectors,
  pairs: { aaPairs: number; abPairs: number },
  measuredAt: Date,
): EvidencePairRow[] {
  const rows: EvidencePairRow[] = [];
  const add = (kind: 'AA' | 'AB', count: number): void => {
    for (let pairNo = 0; pairNo < count; pairNo++) {
      const row = pairOf({ actionId, kind, pairNo, measuredAt }, atoms);
      if (row) rows.push(row);
    }
  };
  add('AA', pairs.aaPairs);
  add('AB', pairs.abPairs);
  return rows;
}

function pairOf(
  head: Pick<EvidencePairRow, 'actionId' | 'kind' | 'pairNo' | 'measuredAt'>,
  atoms: LabelledVectors,
): EvidencePairRow | null {
  const rng = rngOfText(`${head.actionId}|stability|${head.kind}|${head.pairNo}`);
  const order = shuffled(atoms, rng);
  const half = Math.floor(order.length / 2);
  const centres = centresOf(order.slice(0, half));
  const heldOut = order.slice(half, half + blockSize);
  if (heldOut.length < blockSize) return null;
  const nearest = heldOut.map((a) => nearestOf(a.vector, centres));
  const own = heldOut.map((a) => a.concept);
  const misses = (labels: string[]): number[] => labels.map((label, i) => (label === nearest[i] ? 0 : 1));
  const control = misses(shuffled(own, rng));
  const treated = misses(head.kind === 'AA' ? shuffled(own, rng) : own);
  const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);
  return {
    ...head,
    control,
    treated,
    errorsControl: sum(control),
    errorsTreated: sum(treated),
    countControl: blockSize,
    countTreated: blockSize,
    order: 'mixed',
  };
}

export function centresOf(atoms: Readonly<LabelledVectors>): Map<string, Float64Array> {
  const centres = new Map<string, Float64Array>();
  for (const { concept, vector } of atoms) {
    const centre = centres.get(concept) ?? new Float64Array(vector.length);
    centres.set(concept, centre);
    for (let k = 0; k < vector.length; k++) centre[k]! += vector[k]!;
  }
  for (const centre of centres.values()) {
    const length = Math.sqrt(centre.reduce((sum, v) => sum + v * v, 0)) || 1;
    for (let k = 0; k < centre.length; k++) centre[k]! /= length;
  }
  return centres;
}

export function nearestOf(vector: Float32Array, centres: ReadonlyMap<string, Float64Array>): string {
  let best = '';
  let most = -Infinity;
  for (const [concept, centre] of centres) {
    let dot = 0;
    for (let k = 0; k < vector.length; k++) dot += vector[k]! * centre[k]!;
    if (dot > most) [best, most] = [concept, dot];
  }
  return best;
}

export function shuffled<T>(items: readonly T[], rng: () => number): T[] {
  const copy = [...items];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(rng() * (i + 1));
    [copy[i], copy[j]] = [copy[j]!, copy[i]!];
  }
  return copy;
}
