import { rngOfText } from '@hartonomous/loop';
import type { EvidencePairRow } from '@hartonomous/store';
import { centresOf, dealings, nearestOf, shuffled, type LabelledVectors } from './stability-pairs.js';

const blockSize = 20;
/** Halvings that a choice and its rivals are compared on: with two, one rival in two thousand has luck in both. */
const comparedHalvings = 4;

/** A concept that some atoms are to leave, and the concepts beside it. */
export interface UpdatedConcept {
  concept: string;
  staying: Float32Array[];
  leaving: Float32Array[];
  others: LabelledVectors;
}

/** The concept without as many of its atoms, drawn at random: what an update must be better than. */
function droppedAtRandom({ staying, leaving }: UpdatedConcept, rng: () => number): Float32Array[] {
  return shuffled([...staying, ...leaving], rng).slice(0, staying.length);
}

/**
 * Misses of 20 held-out atoms of the concept, drawn with replacement from the half that its centre was not made of:
 * those that lie nearer to another concept's centre.
 */
function missesOf(members: Float32Array[], updated: UpdatedConcept, rng: () => number): number[] {
  const { concept, others } = updated;
  const order = shuffled(members, rng);
  const half = Math.floor(order.length / 2);
  const centres = centresOf([...others, ...order.slice(0, half).map((vector) => ({ concept, vector }))]);
  const heldOut = order.slice(half);
  return Array.from({ length: blockSize }, () => {
    const vector = heldOut[Math.floor(rng() * heldOut.length)]!;
    return nearestOf(vector, centres) === concept ? 0 : 1;
  });
}

const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);

/** How many of 199 random choices of atoms to leave hold together as well as the update's own: see dealingsAsGood. */
export function dropsAsGood(actionId: string, updated: UpdatedConcept): number {
  const rng = rngOfText(`${actionId}|drops`);
  const total = (members: () => Float32Array[]): number =>
    sum(Array.from({ length: comparedHalvings }, () => sum(missesOf(members(), updated, rng))));
  const own = total(() => updated.staying);
  let asGood = 0;
  for (let i = 0; i < dealings; i++) {
    const drop = droppedAtRandom(updated, rng);
    if (total(() => drop) <= own) asGood++;
  }
  return asGood;
}

/** Treated: the concept without the drifted atoms. Control: without as many others. A/A pairs compare two of these. */
export function updatePairs(
  actionId: string,
  updated: UpdatedConcept,
  pairs: { aaPairs: number; abPairs: number },
  measuredAt: Date,
): EvidencePairRow[] {
  const rows: EvidencePairRow[] = [];
  const add = (kind: 'AA' | 'AB', count: number): void => {
    for (let pairNo = 0; pairNo < count; pairNo++) {
      const rng = rngOfText(`${actionId}|update|${kind}|${pairNo}`);
      const control = missesOf(droppedAtRandom(updated, rng), updated, rng);
      const kept = kind === 'AA' ? droppedAtRandom(updated, rng) : updated.staying;
      const treated = missesOf(kept, updated, rng);
      rows.push({
        actionId,
        kind,
        pairNo,
        control,
        treated,
        errorsControl: sum(control),
        errorsTreated: sum(treated),
        countControl: blockSize,
        countTreated: blockSize,
        order: 'mixed',
        measuredAt,
      });
    }
  };
  add('AA', pairs.aaPairs);
  add('AB', pairs.abPairs);
  return rows;
}
