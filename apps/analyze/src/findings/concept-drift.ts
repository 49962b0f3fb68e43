import type { Finding } from '@hartonomous/contracts';
import type { ConceptVectors } from '@hartonomous/store';

/** Kept concepts that are measured again in a cycle: a seeded sample; the finding says of how many. */
export const driftSampleMax = 100;
const driftFactor = 2;
const driftedMin = 10;
/** A concept of equal vectors has no distance of its own. */
const distanceMin = 1e-3;
const findingsMax = 10;
const rounds = 4;
const idsMax = 200;

export interface Measured {
  atomId: string;
  /** Cosine distance to the centre of the concept. */
  distance: number;
}

/** Unit centre of these rows. */
function centreOf({ data, dimensions: d }: ConceptVectors, rows: readonly number[]): Float64Array {
  const centre = new Float64Array(d);
  for (const row of rows) for (let k = 0; k < d; k++) centre[k]! += data[row * d + k]!;
  const length = Math.hypot(...centre) || 1;
  return centre.map((v) => v / length);
}

function distancesTo({ atomIds, data, dimensions: d }: ConceptVectors, centre: Float64Array): number[] {
  return atomIds.map((_, row) => {
    let dot = 0;
    for (let k = 0; k < d; k++) dot += data[row * d + k]! * centre[k]!;
    return Math.max(0, 1 - dot);
  });
}

/**
 * Distances of the members to the concept's centre as their vectors are now. The centre is that of the nearer half
 * (least trimmed squares, a few concentration steps), so that members which moved away do not pull it along.
 */
export function measureConcept(concept: ConceptVectors): Measured[] {
  const all = concept.atomIds.map((_, i) => i);
  let core = all;
  let distances: number[] = [];
  for (let round = 0; round < rounds; round++) {
    distances = distancesTo(concept, centreOf(concept, core));
    core = all.toSorted((a, b) => distances[a]! - distances[b]! || a - b).slice(0, Math.ceil(all.length / 2));
  }
  return concept.atomIds.map((atomId, i) => ({ atomId, distance: distances[i]! }));
}

/** Kept concepts of which at least ten members lie more than twice as far from the centre as they did on average. */
export function conceptDriftFindings(kept: {
  total: number;
  concepts: readonly ConceptVectors[];
}): Finding[] {
  const modelOf = (c: ConceptVectors): string => c.embeddingModel;
  return kept.concepts
    .flatMap((concept) => {
      const limit = driftFactor * Math.max(distanceMin, concept.meanDistance);
      const measured = measureConcept(concept);
      const drifted = measured.filter((m) => m.distance > limit);
      const staying = measured.filter((m) => m.distance <= limit).sort((a, b) => a.distance - b.distance);
      return drifted.length < driftedMin ? [] : [{ concept, limit, drifted, staying }];
    })
    .sort((a, b) => b.drifted.length - a.drifted.length || (a.concept.id < b.concept.id ? -1 : 1))
    .slice(0, findingsMax)
    .map(({ concept, limit, drifted, staying }) => {
      const ids = drifted.sort((a, b) => b.distance - a.distance).map((m) => m.atomId);
      const others = kept.concepts.filter((c) => c.id !== concept.id && modelOf(c) === modelOf(concept));
      return {
        kind: 'concept-drift' as const,
        summary:
          `${drifted.length} of ${concept.atomIds.length} atoms of the concept "${concept.label}" lie more than ` +
          `${driftFactor} x as far from its centre as its members did on average`,
        severity: 0.05,
        rowIds: ids.slice(0, idsMax),
        rowCount: drifted.length,
        facts: {
          scope: `concept:${concept.id}`,
          conceptId: concept.id,
          embeddingModel: concept.embeddingModel,
          label: concept.label,
          meanDistance: concept.meanDistance,
          limit,
          measured: `${kept.concepts.length} of ${kept.total} kept concepts`,
          otherConcepts: others.length,
          members: concept.atomIds.length,
          drifted: ids,
          staying,
        },
      };
    });
}
