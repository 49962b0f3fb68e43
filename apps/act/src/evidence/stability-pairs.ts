import { rngOfText } from '@hartonomous/loop';
import type { EvidencePairRow } from '@hartonomous/store';

export type LabelledVectors = { concept: string; vector: Float32Array }[];

const blockSize = 20;

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

function centresOf(atoms: LabelledVectors): Map<string, Float64Array> {
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

function nearestOf(vector: Float32Array, centres: ReadonlyMap<string, Float64Array>): string {
  let best = '';
  let most = -Infinity;
  for (const [concept, centre] of centres) {
    let dot = 0;
    for (let k = 0; k < vector.length; k++) dot += vector[k]! * centre[k]!;
    if (dot > most) [best, most] = [concept, dot];
  }
  return best;
}

function shuffled<T>(items: readonly T[], rng: () => number): T[] {
  const copy = [...items];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(rng() * (i + 1));
    [copy[i], copy[j]] = [copy[j]!, copy[i]!];
  }
  return copy;
}
