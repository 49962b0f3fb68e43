import type { Finding } from '@hartonomous/contracts';
import type { KeyUse } from '@hartonomous/store';
import { durationOf, percentOf } from './wording.js';

export interface FrequentReadSettings {
  /** Answers to a key are worth keeping from this many uses on. */
  usesMin: number;
  /** Hit rate over the frequent keys that is good enough. */
  hitRateTarget: number;
  /** Mean latency that is good enough, ms. */
  meanMsTarget: number;
}

export const frequentReadDefaults: FrequentReadSettings = { usesMin: 4, hitRateTarget: 0.8, meanMsTarget: 1 };

const keysMax = 200;
/** So many keys without an answer are worth a look, however well the others are served: fewer make no pairs. */
const openMin = 8;

/** Keys asked again and again whose answers are computed each time. */
export function frequentReadFinding(
  keys: KeyUse[],
  { cached, ...context }: { modelId: string; corpusVersion: number; cached: ReadonlySet<string> },
  settings: FrequentReadSettings = frequentReadDefaults,
): Finding | null {
  const frequent = keys.filter((k) => k.count >= settings.usesMin).slice(0, keysMax);
  if (frequent.length < 2) return null;
  const uses = sum(frequent.map((k) => k.count));
  const hitRate = sum(frequent.map((k) => k.cacheHits)) / uses;
  const meanMs = sum(frequent.map((k) => k.meanMs * k.count)) / uses;
  const open = frequent.filter((k) => !cached.has(k.inputHash) && k.meanMs > settings.meanMsTarget);
  if (open.length < openMin && (hitRate >= settings.hitRateTarget || meanMs <= settings.meanMsTarget)) {
    return null;
  }
  return {
    kind: 'frequent-reads',
    summary:
      `${frequent.length} requests were asked ${uses} times, ${durationOf(meanMs)} on average, ` +
      `${percentOf(hitRate)} from the cache`,
    severity: Math.min(1, ((1 - hitRate) * meanMs) / 1_000),
    rowIds: frequent.map((k) => k.inputHash),
    rowCount: uses,
    facts: {
      ...context,
      uses,
      hitRate,
      meanMs,
      withoutAnswer: open.length,
      keys: frequent.map(({ inputHash, input, count, meanMs: ms, cacheHits }) => ({
        inputHash,
        input,
        count,
        meanMs: ms,
        cacheHits,
        cached: cached.has(inputHash),
      })),
    },
  };
}

const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);
