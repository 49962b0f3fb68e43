import { drawBeta, drawGamma, drawNormal, type Rng } from '@hartonomous/numerics';

export interface BanditSettings {
  /** Pseudo-trials of the Beta prior, and the success rate of a type nothing is known about. */
  readonly priorWeight: number;
  readonly coldStartRate: number;
  /** Share of the distance to the prior that is left after a cycle. */
  readonly decay: number;
  /** Gain (share of latency saved) of a kept action of a type nothing is known about, and its spread. */
  readonly coldStartGain: number;
  readonly coldStartGainSd: number;
  /** Pseudo-observations of the gain's mean and of its variance (normal-inverse-gamma). */
  readonly gainMeanWeight: number;
  readonly gainVarianceWeight: number;
  /** Beta prior of harm: (1, 9) is one in ten. */
  readonly harmAlpha: number;
  readonly harmBeta: number;
  /** Hours over which a kept gain is counted. */
  readonly horizonHours: number;
  /** Within so many cycles each safe arm is tried once. */
  readonly tryEveryCycles: number;
  /** Mean harm rate up to which an arm counts as safe. */
  readonly safeHarmRateMax: number;
  /** Draws behind the logged selection probability. */
  readonly probabilityDraws: number;
}

export const defaultBandit: BanditSettings = {
  priorWeight: 4,
  coldStartRate: 1 / 3,
  decay: 0.98,
  coldStartGain: 0.1,
  coldStartGainSd: 0.05,
  gainMeanWeight: 2,
  gainVarianceWeight: 4,
  harmAlpha: 1,
  harmBeta: 9,
  horizonHours: 168,
  tryEveryCycles: 50,
  safeHarmRateMax: 0.25,
  probabilityDraws: 1_000,
};

/** Count, mean and sum of squared deviations; counts may be fractional, because old ones fade. */
export interface GainMoments {
  readonly count: number;
  readonly mean: number;
  readonly m2: number;
}

const noGains: GainMoments = { count: 0, mean: 0, m2: 0 };

/** What is known of an arm (type, target class, tenant group). Plain data, one row. */
export interface ArmBelief {
  readonly key: string;
  /** Fading successes and failures beyond the prior. */
  readonly successes: number;
  readonly failures: number;
  readonly gains: GainMoments;
  /** Trials and harms ever; harm is not forgotten. */
  readonly trials: number;
  readonly harms: number;
  readonly firstSeenCycle: number;
  readonly lastTriedCycle: number | null;
  /** Cycle up to which the fading counts have been faded. */
  readonly asOfCycle: number;
}

/** The same over all arms of a type: the prior of each of them. */
export interface TypeBelief {
  readonly type: string;
  readonly successes: number;
  readonly failures: number;
  readonly gains: GainMoments;
  readonly asOfCycle: number;
}

export interface ArmPrior {
  readonly rate: number;
  readonly gainMean: number;
}

/** What Learn reports of one concluded action. */
export interface TrialOutcome {
  readonly kept: boolean;
  readonly harmed: boolean;
  /** Share of latency saved by a kept action; null when it was not kept. */
  readonly gain: number | null;
}

export const armKeyOf = (type: string, targetClass: string, tenantGroup: string): string =>
  `${type}|${targetClass}|${tenantGroup}`;

export const freshArm = (key: string, cycle: number): ArmBelief => ({
  key,
  successes: 0,
  failures: 0,
  gains: noGains,
  trials: 0,
  harms: 0,
  firstSeenCycle: cycle,
  lastTriedCycle: null,
  asOfCycle: cycle,
});

export const freshType = (type: string, cycle: number): TypeBelief => ({
  type,
  successes: 0,
  failures: 0,
  gains: noGains,
  asOfCycle: cycle,
});

/** The prior of a type's arms: its own rate and mean gain, shrunk to the cold start by the prior's weight. */
export function priorOf(type: TypeBelief | null, settings: BanditSettings = defaultBandit): ArmPrior {
  if (!type) return { rate: settings.coldStartRate, gainMean: settings.coldStartGain };
  const { priorWeight: weight } = settings;
  const trials = type.successes + type.failures;
  const gainWeight = settings.gainMeanWeight + type.gains.count;
  return {
    rate: (weight * settings.coldStartRate + type.successes) / (weight + trials),
    gainMean:
      (settings.gainMeanWeight * settings.coldStartGain + type.gains.count * type.gains.mean) / gainWeight,
  };
}

type Fading = Pick<ArmBelief, 'successes' | 'failures' | 'gains' | 'asOfCycle'>;

/**
 * Lets the counts beyond the prior fade up to `cycle`: (alpha, beta) move toward the prior by 0.98 a cycle. Lazy, so
 * that a cycle need not rewrite every row; fading twice to the same cycle changes nothing.
 */
export function fadeTo<B extends Fading>(
  belief: B,
  cycle: number,
  settings: BanditSettings = defaultBandit,
): B {
  const cycles = Math.max(0, cycle - belief.asOfCycle);
  const left = settings.decay ** cycles;
  const { count, mean, m2 } = belief.gains;
  return {
    ...belief,
    successes: belief.successes * left,
    failures: belief.failures * left,
    gains: { count: count * left, mean, m2: m2 * left },
    asOfCycle: Math.max(belief.asOfCycle, cycle),
  };
}

function countOutcome<B extends Fading>(belief: B, outcome: TrialOutcome): B {
  const success = outcome.kept ? 1 : 0;
  const gains = outcome.kept && outcome.gain !== null ? addGain(belief.gains, outcome.gain) : belief.gains;
  return {
    ...belief,
    successes: belief.successes + success,
    failures: belief.failures + 1 - success,
    gains,
  };
}

function addGain(gains: GainMoments, gain: number): GainMoments {
  const count = gains.count + 1;
  const step = gain - gains.mean;
  const mean = gains.mean + step / count;
  return { count, mean, m2: gains.m2 + step * (gain - mean) };
}

export function learnArm(
  arm: ArmBelief,
  outcome: TrialOutcome,
  cycle: number,
  settings: BanditSettings = defaultBandit,
): ArmBelief {
  const counted = countOutcome(fadeTo(arm, cycle, settings), outcome);
  return {
    ...counted,
    trials: arm.trials + 1,
    harms: arm.harms + (outcome.harmed ? 1 : 0),
    lastTriedCycle: Math.max(cycle, arm.lastTriedCycle ?? cycle),
  };
}

export const learnType = (
  type: TypeBelief,
  outcome: TrialOutcome,
  cycle: number,
  settings: BanditSettings = defaultBandit,
): TypeBelief => countOutcome(fadeTo(type, cycle, settings), outcome);

/** Success probability, gain of a success, harm probability: a draw, or their means. */
export interface ArmRates {
  readonly theta: number;
  readonly mu: number;
  readonly eta: number;
}

interface Posterior {
  readonly alpha: number;
  readonly beta: number;
  readonly harmAlpha: number;
  readonly harmBeta: number;
  /** Normal-inverse-gamma: mean, weight of the mean, shape and rate of the variance. */
  readonly mean: number;
  readonly weight: number;
  readonly shape: number;
  readonly rate: number;
}

/** Posterior of an arm; `arm` must have been faded to the cycle that asks. */
export function posteriorOf(
  arm: ArmBelief,
  prior: ArmPrior,
  settings: BanditSettings = defaultBandit,
): Posterior {
  const { count, mean, m2 } = arm.gains;
  const { gainMeanWeight: weight0, gainVarianceWeight: weightV } = settings;
  const weight = weight0 + count;
  const spread = (count * weight0 * (mean - prior.gainMean) ** 2) / weight;
  return {
    alpha: settings.priorWeight * prior.rate + arm.successes,
    beta: settings.priorWeight * (1 - prior.rate) + arm.failures,
    harmAlpha: settings.harmAlpha + arm.harms,
    harmBeta: settings.harmBeta + arm.trials - arm.harms,
    mean: (weight0 * prior.gainMean + count * mean) / weight,
    weight,
    shape: (weightV + count) / 2,
    rate: (weightV * settings.coldStartGainSd ** 2 + m2 + spread) / 2,
  };
}

export function drawRates(posterior: Posterior, rng: Rng): ArmRates {
  const variance = posterior.rate / drawGamma(rng, posterior.shape);
  return {
    theta: drawBeta(rng, posterior.alpha, posterior.beta),
    mu: posterior.mean + Math.sqrt(variance / posterior.weight) * drawNormal(rng),
    eta: drawBeta(rng, posterior.harmAlpha, posterior.harmBeta),
  };
}

export const meanRates = (posterior: Posterior): ArmRates => ({
  theta: posterior.alpha / (posterior.alpha + posterior.beta),
  mu: posterior.mean,
  eta: posterior.harmAlpha / (posterior.harmAlpha + posterior.harmBeta),
});
