import type { Finding } from '@hartonomous/contracts';
import { dbscan, median, wilsonInterval } from '@hartonomous/numerics';
import type { EndedSession, RatedStratum } from '@hartonomous/store';
import { percentOf } from './wording.js';

const ratingsMin = 10;
const ratingTarget = 3.5;

/** Ratings below target, by model and operation; fewer than ten say nothing. */
export const feedbackFindings = (rated: readonly RatedStratum[]): Finding[] =>
  rated
    .filter((r) => r.count >= ratingsMin && r.meanRating < ratingTarget)
    .map((r) => ({
      kind: 'feedback' as const,
      summary: `${r.count} ratings of ${r.operation} are ${r.meanRating.toFixed(2)} on average, target ${ratingTarget}`,
      severity: Math.min(1, (ratingTarget - r.meanRating) / 2.5),
      rowIds: r.requestIds,
      rowCount: r.count,
      facts: { scope: `stratum:${r.operation}|${r.model}`, meanRating: r.meanRating, target: ratingTarget },
    }));

const failuresMin = 5;
const success = 'success';
/** Sessions looked at: the newest so many with a declared outcome. */
export const sessionsMax = 2_000;

/** Steps beyond those of successful sessions, in robust deviations, and their least deviation. */
const stepsZ = 6;
const stepsDeviationMin = 1;

/** Failed sessions that went on far longer than the successful ones. */
export function wanderingJourneys(sessions: readonly EndedSession[]): Finding[] {
  const good = sessions.filter((s) => s.outcome === success).map((s) => s.steps);
  if (good.length < failuresMin) return [];
  const ordinary = median(good);
  const deviation = Math.max(stepsDeviationMin, 1.4826 * median(good.map((n) => Math.abs(n - ordinary))));
  const limit = ordinary + stepsZ * deviation;
  const lost = sessions.filter((s) => s.outcome !== success && s.steps > limit);
  if (lost.length < failuresMin) return [];
  const steps = Math.round(median(lost.map((s) => s.steps)));
  return [
    {
      kind: 'failing-journeys',
      summary: `${lost.length} sessions failed after unusually many steps: ${steps} at the median, successful ones take ${ordinary}`,
      severity: Math.min(1, lost.length / sessions.length),
      rowIds: lost.slice(0, 200).map((s) => s.id),
      rowCount: lost.length,
      facts: {
        scope: 'sessions',
        sessions: `newest ${sessions.length} with an outcome`,
        medianSteps: steps,
        ordinarySteps: ordinary,
        limitSteps: limit,
      },
    },
  ];
}

/** Regions of the map where sessions end badly more often than elsewhere; the regions follow the sessions' own ends. */
export function journeyFindings(sessions: readonly EndedSession[]): Finding[] {
  const failed = sessions.filter((s) => s.outcome !== success);
  if (failed.length < failuresMin) return [];
  const points = Float64Array.from(failed.flatMap((s) => [s.x, s.y]));
  const epsilon = spacing(failed);
  const { labels, clusters } = dbscan(points, 2, { epsilon, minPoints: failuresMin, metric: 'euclidean' });
  const overall = failed.length / sessions.length;
  const findings: Finding[] = [];
  for (let cluster = 0; cluster < clusters; cluster++) {
    const own = failed.filter((_, i) => labels[i] === cluster);
    const near = sessions.filter((s) => own.some((o) => Math.hypot(o.x - s.x, o.y - s.y) <= epsilon));
    const failures = near.filter((s) => s.outcome !== success);
    const { low } = wilsonInterval(failures.length, near.length);
    if (low <= overall) continue;
    const share = failures.length / near.length;
    findings.push({
      kind: 'failing-journeys',
      summary: `${failures.length} of ${near.length} sessions that end in one region fail (${percentOf(share)}; of all sessions ${percentOf(overall)})`,
      severity: Math.min(1, low - overall),
      rowIds: failures.slice(0, 200).map((s) => s.id),
      rowCount: failures.length,
      facts: {
        scope: 'sessions',
        sessions: `newest ${sessions.length} with an outcome`,
        share,
        overall,
        medianSteps: median(failures.map((s) => s.steps)),
        centre: { x: median(own.map((s) => s.x)), y: median(own.map((s) => s.y)) },
      },
    });
  }
  return findings;
}

/** Typical distance from a failed end to its fifth neighbour, at least a thousandth of the map. */
function spacing(sessions: readonly EndedSession[]): number {
  const fifth = sessions.slice(0, 200).map((a) => {
    const distances = sessions.map((b) => Math.hypot(a.x - b.x, a.y - b.y)).sort((p, q) => p - q);
    return distances[Math.min(failuresMin, distances.length - 1)]!;
  });
  return Math.max(0.1, 1.5 * median(fifth));
}
