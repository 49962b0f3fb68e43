import type { Finding } from '@hartonomous/contracts';
import { rngOfText } from '@hartonomous/loop';
import { dbscan, median } from '@hartonomous/numerics';

/** Fewer atoms without a concept are not worth a look. */
export const unassignedMin = 20;
/** Atoms that are clustered: a seeded sample. DBSCAN over 256 dimensions compares every pair. */
export const conceptSampleMax = 900;
const clustersMax = 10;
const membersMin = 6;
const membersMax = 60;
const minPoints = 5;
const minPointsOfHalf = 3;
/** A cluster is stable when so many of its members stay together in each half alone. */
const togetherMin = 0.6;
const epsilonMax = 0.5;
/** A half of the sample is half as dense: the radius leaves room for that. */
const slack = 1.5;

export interface VectorSample {
  atomIds: string[];
  dimensions: number;
  /** Row-major, unit length. */
  data: Float32Array;
}

interface Cluster {
  members: { atomId: string; distance: number }[];
  meanDistance: number;
}

const cosineDistance = ({ data, dimensions: d }: VectorSample, i: number, j: number): number => {
  let dot = 0;
  for (let k = 0; k < d; k++) dot += data[i * d + k]! * data[j * d + k]!;
  return Math.max(0, 1 - dot);
};

/** Typical distance of an atom to its fifth neighbour. */
function spacing(sample: VectorSample): number {
  const n = sample.atomIds.length;
  const fifth = Array.from({ length: Math.min(100, n) }, (_, i) => {
    const distances = Array.from({ length: n }, (_, j) => cosineDistance(sample, i, j)).sort((a, b) => a - b);
    return distances[Math.min(minPoints, n - 1)]!;
  });
  return Math.min(epsilonMax, Math.max(1e-3, slack * median(fifth)));
}

function labelsOf(
  sample: VectorSample,
  rows: number[],
  epsilon: number,
  points: number,
): Map<number, number> {
  const metric = (i: number, j: number): number => cosineDistance(sample, rows[i]!, rows[j]!);
  const { labels } = dbscan(new Float64Array(rows.length), 1, { epsilon, minPoints: points, metric });
  return new Map(rows.map((row, i) => [row, labels[i]!]));
}

/** Share of the rows that have the commonest label other than noise. */
function together(rows: number[], labels: ReadonlyMap<number, number>): number {
  const counts = new Map<number, number>();
  for (const row of rows) {
    const label = labels.get(row)!;
    if (label >= 0) counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return rows.length === 0 ? 0 : Math.max(0, ...counts.values()) / rows.length;
}

/** Dense groups of the sample that are found again in both of its random halves. */
export function stableClusters(sample: VectorSample, seed: string): Cluster[] {
  const n = sample.atomIds.length;
  if (n < 2 * membersMin) return [];
  const epsilon = spacing(sample);
  const all = Array.from({ length: n }, (_, i) => i);
  const rng = rngOfText(seed);
  const side = all.map(() => rng() < 0.5);
  const halves = [true, false].map((s) => {
    const rows = all.filter((i) => side[i] === s);
    return { s, labels: labelsOf(sample, rows, epsilon, minPointsOfHalf) };
  });
  const labels = labelsOf(sample, all, epsilon, minPoints);
  const groups = new Map<number, number[]>();
  for (const [row, label] of labels) {
    if (label >= 0) groups.set(label, [...(groups.get(label) ?? []), row]);
  }
  return [...groups.values()]
    .filter((rows) => rows.length >= membersMin)
    .filter((rows) =>
      halves.every(
        ({ s, labels: own }) =>
          together(
            rows.filter((i) => side[i] === s),
            own,
          ) >= togetherMin,
      ),
    )
    .sort((a, b) => b.length - a.length)
    .slice(0, clustersMax)
    .map((rows) => clusterOf(sample, rows));
}

function clusterOf(sample: VectorSample, rows: number[]): Cluster {
  const { data, dimensions: d, atomIds } = sample;
  const centre = new Float64Array(d);
  for (const row of rows) for (let k = 0; k < d; k++) centre[k]! += data[row * d + k]! / rows.length;
  const length = Math.sqrt(centre.reduce((sum, v) => sum + v * v, 0)) || 1;
  const members = rows
    .map((row) => {
      let dot = 0;
      for (let k = 0; k < d; k++) dot += (data[row * d + k]! * centre[k]!) / length;
      return { atomId: atomIds[row]!, distance: Math.max(0, 1 - dot) };
    })
    .sort((a, b) => a.distance - b.distance)
    .slice(0, membersMax);
  return { members, meanDistance: members.reduce((sum, m) => sum + m.distance, 0) / members.length };
}

/** Atoms that belong to no concept, and the dense groups among them. */
export function conceptFinding(
  unassigned: { embeddingModel: string; count: number },
  sample: VectorSample,
  seed: string,
): Finding | null {
  if (unassigned.count <= unassignedMin) return null;
  const clusters = stableClusters(sample, seed);
  const ids = clusters.flatMap((c) => c.members.map((m) => m.atomId));
  return {
    kind: 'concepts',
    summary:
      `${unassigned.count} atoms belong to no concept; ${clusters.length} groups of them ` +
      `(${ids.length} of ${sample.atomIds.length} sampled) are dense and stable on half samples`,
    severity: 0.05,
    // Without a group, some of those that belong to none.
    rowIds: (ids.length > 0 ? ids : sample.atomIds).slice(0, 200),
    rowCount: unassigned.count,
    facts: {
      scope: `concepts:${unassigned.embeddingModel}`,
      embeddingModel: unassigned.embeddingModel,
      unassigned: unassigned.count,
      sampled: sample.atomIds.length,
      clusters,
    },
  };
}
