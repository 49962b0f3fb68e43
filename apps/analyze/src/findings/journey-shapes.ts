import type { Finding } from '@hartonomous/contracts';
import { dtwDistance, pathLength } from '@hartonomous/geometry';
import { median } from '@hartonomous/numerics';
import type { EndedSession, SessionPath } from '@hartonomous/store';
import { plainNumber } from './wording.js';

/** Sessions whose ways are compared: the newest so many of each kind; a way is thinned to so many points. */
const failedPathsMax = 200;
const goodPathsMax = 40;
export const pathPointsMax = 200;
const thinnedMax = 32;
const journeysMin = 5;
/** Robust deviations beyond the successful ways, and the least deviation in units of the map (it is 100 wide). */
const pathZ = 6;
const deviationMin = 1;

/** Sessions whose ways are read: the newest that failed, and the newest that did not. */
export const comparedSessions = (sessions: readonly EndedSession[]): string[] => {
  const [good, failed] = [true, false].map((success) =>
    sessions.filter((s) => (s.outcome === 'success') === success && s.steps > 1).map((s) => s.id),
  );
  return [...good!.slice(0, goodPathsMax), ...failed!.slice(0, failedPathsMax)];
};

/** Evenly spaced points of a way, the first and the last among them. */
function thinned(points: readonly number[]): Float64Array {
  const count = points.length / 2;
  if (count <= thinnedMax) return Float64Array.from(points);
  const kept = Array.from({ length: thinnedMax }, (_, i) => {
    const at = 2 * Math.round((i * (count - 1)) / (thinnedMax - 1));
    return [points[at]!, points[at + 1]!];
  });
  return Float64Array.from(kept.flat());
}

/** Dynamic time warping, a point of the longer way; in units of the map. */
export const warpedDistance = (a: Float64Array, b: Float64Array): number =>
  dtwDistance(a, b, 2) / (Math.max(a.length, b.length) / 2);

interface Way {
  id: string;
  points: Float64Array;
}

/** Above this a value is more than six robust deviations over what successful sessions have. */
function limitOf(good: readonly number[]): { ordinary: number; limit: number } {
  const ordinary = median(good);
  const deviation = 1.4826 * median(good.map((v) => Math.abs(v - ordinary)));
  return { ordinary, limit: ordinary + pathZ * Math.max(deviationMin, deviation) };
}

const nearestOf = (way: Way, good: readonly Way[]): number =>
  Math.min(...good.filter((g) => g.id !== way.id).map((g) => warpedDistance(way.points, g.points)));

/** Failed sessions whose ways are unlike those of successful ones: far longer, or far from the nearest of them. */
export function journeyShapes(sessions: readonly EndedSession[], paths: readonly SessionPath[]): Finding[] {
  const outcomes = new Map(sessions.map((s) => [s.id, s.outcome]));
  const ways = paths.map(({ id, points }): Way => ({ id, points: thinned(points) }));
  const good = ways.filter((w) => outcomes.get(w.id) === 'success').slice(0, goodPathsMax);
  const failed = ways.filter((w) => outcomes.get(w.id) !== 'success').slice(0, failedPathsMax);
  if (good.length < journeysMin || failed.length < journeysMin) return [];
  const compared = `${failed.length} failed and ${good.length} successful ones of the newest ${sessions.length}`;
  const finding = (
    how: string,
    measure: string,
    valueOf: (way: Way) => number,
    facts: Record<string, unknown>,
  ): Finding[] => {
    const { ordinary, limit } = limitOf(good.map(valueOf));
    const found = failed
      .map((way) => ({ id: way.id, value: valueOf(way) }))
      .filter(({ value }) => value > limit)
      .sort((a, b) => b.value - a.value || (a.id < b.id ? -1 : 1));
    if (found.length < journeysMin) return [];
    const middle = median(found.map((f) => f.value));
    return [
      {
        kind: 'failing-journeys',
        summary:
          `${found.length} failed sessions ${how}: ${plainNumber(middle)} at the median, ` +
          `successful ones ${plainNumber(ordinary)} (units of the map)`,
        severity: Math.min(1, found.length / Math.max(1, sessions.length)),
        rowIds: found.slice(0, 200).map((f) => f.id),
        rowCount: found.length,
        facts: { scope: 'sessions', sessions: compared, measure, ordinary, limit, median: middle, ...facts },
      },
    ];
  };
  const alike = { pointsMax: thinnedMax };
  return [
    ...finding('went a far longer way', 'length of the way', (way) => pathLength(way.points, 2), alike),
    ...finding(
      'went another way than all successful ones',
      'DTW distance to the nearest successful way, a point',
      (way) => nearestOf(way, good),
      alike,
    ),
  ];
}
