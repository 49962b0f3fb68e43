import type { Rng } from '@hartonomous/numerics';
import { HartoError } from '@hartonomous/contracts';
import { stableHash32 } from './random.js';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

export interface CadenceSettings {
  readonly delayMinutesMin: number;
  readonly delayMinutesMax: number;
  /** Incident severities count up to this sum. */
  readonly severityMax: number;
  /** Delay is multiplied by 1 +- this. */
  readonly jitter: number;
  readonly coolDownHours: number;
  readonly coolDownFactor: number;
  /** Reverts that still lengthen the wait: 4^6 h is about half a year. */
  readonly coolDownStepsMax: number;
  readonly holdOutShare: number;
}

export const defaultCadence: CadenceSettings = {
  delayMinutesMin: 5,
  delayMinutesMax: 60,
  severityMax: 11,
  jitter: 0.1,
  coolDownHours: 1,
  coolDownFactor: 4,
  coolDownStepsMax: 6,
  holdOutShare: 0.05,
};

/** A wait of the loop under the time scale (60 = an hour in a minute). Never applied to a latency. */
export function scaledMs(waitMs: number, timeScale: number): number {
  if (!(timeScale > 0)) throw new HartoError('INPUT_INVALID', `time scale ${timeScale} is not positive`);
  return waitMs / timeScale;
}

/** Milliseconds to the next cycle: clip(jitter(60 / (1 + A)), 5, 60) minutes, A the sum of severities, at most 11. */
export function nextCycleDelayMs(
  severities: readonly number[],
  rng: Rng,
  timeScale = 1,
  settings: CadenceSettings = defaultCadence,
): number {
  const sum = severities.reduce((total, severity) => total + Math.min(1, Math.max(0, severity || 0)), 0);
  const alarm = Math.min(settings.severityMax, sum);
  const jittered = (60 / (1 + alarm)) * (1 + settings.jitter * (2 * rng() - 1));
  const minutes = Math.min(settings.delayMinutesMax, Math.max(settings.delayMinutesMin, jittered));
  return scaledMs(minutes * minuteMs, timeScale);
}

/** What is remembered of a target that was undone. */
export interface TargetHistory {
  /** Reverts since the target last changed its fingerprint or was kept, at least 1. */
  readonly reverts: number;
  readonly revertedAtMs: number;
  /** Schema, statistics and model version when it was tried. */
  readonly fingerprint: string;
}

export type CoolDown =
  | { readonly cooling: false }
  | {
      readonly cooling: true;
      readonly code: 'cooling-down' | 'fingerprint-unchanged';
      readonly untilMs: number;
      readonly reason: string;
    };

/** Milliseconds that a target waits after its `reverts`-th revert in a row: 1 h x 4^k, k = 0, 1, 2... */
export const coolDownMs = (
  reverts: number,
  timeScale = 1,
  settings: CadenceSettings = defaultCadence,
): number =>
  scaledMs(
    settings.coolDownHours *
      hourMs *
      settings.coolDownFactor ** Math.min(settings.coolDownStepsMax, Math.max(0, reverts - 1)),
    timeScale,
  );

/** A reverted target waits out its time and, beyond that, until its fingerprint differs from the one it failed with. */
export function coolDownOf(
  history: TargetHistory | null,
  fingerprint: string,
  nowMs: number,
  timeScale = 1,
  settings: CadenceSettings = defaultCadence,
): CoolDown {
  if (!history) return { cooling: false };
  const untilMs = history.revertedAtMs + coolDownMs(history.reverts, timeScale, settings);
  if (nowMs < untilMs) {
    const minutes = Math.ceil((untilMs - nowMs) / minuteMs);
    const reason = `reverted ${history.reverts} time(s); cooling down for another ${minutes} min`;
    return { cooling: true, code: 'cooling-down', untilMs, reason };
  }
  if (fingerprint === history.fingerprint) {
    const reason = 'reverted before, and nothing about the target has changed since';
    return { cooling: true, code: 'fingerprint-unchanged', untilMs, reason };
  }
  return { cooling: false };
}

export const requestKeyBuckets = 100;

/** Bucket 0..99 of a request key; stable for ever, because the hold-out must not wander. */
export const bucketOf = (tenantId: string, requestKey: string): number =>
  stableHash32(`${tenantId}|${requestKey}`) % requestKeyBuckets;

/** The first 5 of 100 buckets never get key-splittable actions. */
export const isHoldOutBucket = (bucket: number, settings: CadenceSettings = defaultCadence): boolean =>
  bucket < Math.round(settings.holdOutShare * requestKeyBuckets);

export const isHeldOut = (tenantId: string, requestKey: string): boolean =>
  isHoldOutBucket(bucketOf(tenantId, requestKey));

/** One proposal in 20 cycles is a placebo; drawn, so that nobody can tell which. */
export const isPlaceboCycle = (rng: Rng, share = 1 / 20): boolean => rng() < share;
