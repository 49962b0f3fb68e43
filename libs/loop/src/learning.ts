import type { Verdict } from '@hartonomous/contracts';
import { scaledMs } from './cadence.js';
import type { Assessment } from './measurement/assessment.js';
import type { TrialOutcome } from './bandit/belief.js';

const hourMs = 3_600_000;

export interface LearningSettings {
  /** Gain at which the success score is full. */
  readonly targetGain: number;
  /** Hours over which one-off costs are spread. */
  readonly horizonHours: number;
  readonly rescoreHours: readonly number[];
  /** Seconds an hour that a GiB of storage or memory is worth: what makes sizes comparable with time. */
  readonly storageSecondsPerGibHour: number;
  readonly trainingScoreMin: number;
  readonly trainingAgeHoursMax: number;
}

export const defaultLearning: LearningSettings = {
  targetGain: 0.2,
  horizonHours: 168,
  rescoreHours: [24, 168],
  storageSecondsPerGibHour: 1,
  trainingScoreMin: 0.7,
  trainingAgeHoursMax: 1,
};

/** Ratio of latency treated / control with its 95 % interval; null ends or null: not measured. */
export interface MeasuredEffect {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/** Share of latency saved that the evidence proves: 1 - upper end of the ratio; negative when none is. */
export const provenGain = (effect: MeasuredEffect): number => 1 - effect.high;

export interface CostsOfAction {
  /** Requests per hour touched x mean seconds of one. */
  readonly exposure: number;
  /** Seconds per hour that the kept change itself costs (writes of an index, memory of a cache). */
  readonly runningCostPerHour: number;
  /** Seconds spent on building and testing, once. */
  readonly testCostSeconds: number;
  /** Hours during which treated requests ran with the change before it was undone. */
  readonly treatedHours: number;
  /** Share of requests that were treated while it was tried. */
  readonly treatedShare: number;
}

/** What a kept change uses while it stays. */
export interface RunningUse {
  readonly writesPerHour: number;
  /** Added to each write by the change. */
  readonly msPerWrite: number;
  readonly bytes: number;
}

const gibibyte = 2 ** 30;

/** Seconds per hour: time added to writes, and the price of what is stored. */
export const runningCostPerHour = (use: RunningUse, settings: LearningSettings = defaultLearning): number =>
  (use.writesPerHour * use.msPerWrite) / 1_000 + (use.bytes / gibibyte) * settings.storageSecondsPerGibHour;

export interface NetGain {
  /** Seconds per hour; what the console sums. */
  readonly net: number;
  readonly gain: number;
  readonly runningCost: number;
  readonly testCost: number;
  readonly harmDone: number;
}

/**
 * Honest net gain in seconds saved per hour: lower bound of the effect x exposure - running cost - test cost - harm
 * done. A change that was not kept saves nothing and still costs its test and its harm; one-off seconds are spread
 * over the horizon. Every action counts in an average, inconclusive ones as what they are.
 */
export function honestNetGain(
  verdict: Verdict,
  effect: MeasuredEffect | null,
  costs: CostsOfAction,
  settings: LearningSettings = defaultLearning,
): NetGain {
  const kept = verdict === 'Kept';
  const gain = kept && effect ? Math.max(0, provenGain(effect)) * costs.exposure : 0;
  const runningCost = kept ? costs.runningCostPerHour : 0;
  const slower = effect ? Math.max(0, effect.estimate - 1) : 0;
  const harmSeconds = slower * costs.exposure * costs.treatedHours * costs.treatedShare;
  const testCost = costs.testCostSeconds / settings.horizonHours;
  const harmDone = harmSeconds / settings.horizonHours;
  return { net: gain - runningCost - testCost - harmDone, gain, runningCost, testCost, harmDone };
}

const clip = (value: number): number => Math.min(1, Math.max(-1, value));

/**
 * Success score in [0, 1]: 0.5 + 0.5 clip(lower bound of the gain / target gain, -1, 1). Without proof 0.5; harm is
 * below 0.5 also where a guardrail saw it and latency did not.
 */
export function successScore(
  verdict: Verdict,
  effect: MeasuredEffect | null,
  settings: LearningSettings = defaultLearning,
): number {
  if (verdict === 'RevertedHarm' || verdict === 'FailedToRevert') {
    const loss = effect ? clip(provenGain(effect) / settings.targetGain) : -1;
    return 0.5 + 0.5 * Math.min(loss, -0.1);
  }
  if (verdict !== 'Kept' || !effect) return 0.5;
  return 0.5 + 0.5 * clip(Math.max(0, provenGain(effect)) / settings.targetGain);
}

/** What the bandit learns of a verdict; null where nothing was tried. */
export function trialOutcomeOf(verdict: Verdict, effect: MeasuredEffect | null): TrialOutcome | null {
  switch (verdict) {
    case 'Gated':
    case 'FailedToApply':
    case 'RevertedByOperator':
      return null;
    case 'Kept':
      return { kept: true, harmed: false, gain: effect ? 1 - effect.estimate : null };
    case 'RevertedHarm':
    case 'FailedToRevert':
      return { kept: false, harmed: true, gain: null };
    case 'RevertedNoBenefit':
    case 'Inconclusive':
    case 'Unkept':
      return { kept: false, harmed: false, gain: null };
  }
}

/** Hours (unscaled) of the re-scorings that are due for an action kept at `keptAtMs`. */
export const rescoresDue = (
  keptAtMs: number,
  done: readonly number[],
  nowMs: number,
  timeScale = 1,
  settings: LearningSettings = defaultLearning,
): number[] =>
  settings.rescoreHours.filter(
    (hours) => !done.includes(hours) && nowMs >= keptAtMs + scaledMs(hours * hourMs, timeScale),
  );

export interface Rescoring {
  readonly decision: 'hold' | 'unkeep' | 'undecided';
  readonly reason: string;
}

/** A re-measured kept action: a gain that has turned into harm or shrunk below what matters is un-kept. */
export function rescore(assessment: Assessment): Rescoring {
  switch (assessment.decision) {
    case 'keep':
      return { decision: 'hold', reason: `the gain still stands. ${assessment.reason}` };
    case 'harm':
    case 'no-benefit':
      return { decision: 'unkeep', reason: `the gain has decayed. ${assessment.reason}` };
    case 'continue':
    case 'inconclusive':
      return { decision: 'undecided', reason: `no proof either way. ${assessment.reason}` };
  }
}

/** True when Learn's verdict from the rows is not Act's: an alarm, because the same rows give the same verdict. */
export const verdictsDiffer = (recomputed: Verdict | null, recorded: Verdict): boolean =>
  isMeasured(recorded) && recomputed !== recorded;

const isMeasured = (verdict: Verdict): boolean =>
  verdict === 'Kept' ||
  verdict === 'RevertedHarm' ||
  verdict === 'RevertedNoBenefit' ||
  verdict === 'Inconclusive';

/** A forecast made when an action was proposed, and what came of it. */
export interface ForecastOutcome {
  readonly successProbability: number;
  readonly predictedGain: number;
  readonly kept: boolean;
  /** Share of latency saved; 0 for what was not kept. */
  readonly realisedGain: number;
}

export interface Calibration {
  readonly forecasts: number;
  /** Mean squared error of the probabilities: 0 is perfect, 0.25 is a coin. */
  readonly brier: number | null;
  /** Brier score of always saying the base rate: better forecasts are below it. */
  readonly brierOfBaseRate: number | null;
  /** Sum of realised gains over sum of forecast ones (probability x gain); 1 is right, below 1 boasts. */
  readonly realisedOverPredicted: number | null;
}

export function calibrationOf(outcomes: readonly ForecastOutcome[]): Calibration {
  const n = outcomes.length;
  if (n === 0) return { forecasts: 0, brier: null, brierOfBaseRate: null, realisedOverPredicted: null };
  const rate = outcomes.filter(({ kept }) => kept).length / n;
  let squares = 0;
  let predicted = 0;
  let realised = 0;
  for (const outcome of outcomes) {
    squares += (outcome.successProbability - (outcome.kept ? 1 : 0)) ** 2;
    predicted += outcome.successProbability * outcome.predictedGain;
    realised += outcome.realisedGain;
  }
  const realisedOverPredicted = predicted > 0 ? realised / predicted : null;
  return { forecasts: n, brier: squares / n, brierOfBaseRate: rate * (1 - rate), realisedOverPredicted };
}

/** Whether what a kept action produced may train a candidate version now. */
export const isTrainingEligible = (
  score: number,
  concludedAtMs: number,
  nowMs: number,
  timeScale = 1,
  settings: LearningSettings = defaultLearning,
): boolean =>
  score > settings.trainingScoreMin &&
  nowMs >= concludedAtMs &&
  nowMs - concludedAtMs <= scaledMs(settings.trainingAgeHoursMax * hourMs, timeScale);
