import { metrics, type Metric } from './metrics.js';

/** All thresholds of the measurement; the defaults are the specification's. */
export interface MeasurementSettings {
  readonly metric: Metric;
  /** 'gain': keep needs a proven gain. 'non-inferiority': keep needs proof that at most the margin is lost. */
  readonly goal: 'gain' | 'non-inferiority';
  /** Requests an arm in one block. */
  readonly blockSize: number;
  readonly aaPairsMin: number;
  readonly harmEvidence: number;
  readonly keepEvidence: number;
  /**
   * Nothing is kept on fewer pairs: with the grid of bets the 95 % interval has an end only from 8 pairs on, and a
   * verdict is shown with its interval.
   */
  readonly keepPairsMin: number;
  /** Evidence a side that rejects an effect: 40 a side is a 95 % interval. */
  readonly intervalEvidence: number;
  /** Gains above this must be excluded for "no benefit": ln ratio or points, as a positive number. */
  readonly materialGain: number;
  readonly pairsMax: number;
  /** Unscaled; the time scale divides it. */
  readonly hoursMax: number;
  readonly blocksWithoutDataMax: number;
  readonly guardrails: GuardrailSettings;
}

export interface GuardrailSettings {
  readonly errorsMin: number;
  readonly errorEvidence: number;
  /** From here on the guardrail is pending: nothing is kept until it has calmed down. */
  readonly errorEvidencePending: number;
  readonly errorFactor: number;
  readonly errorPoints: number;
  readonly p99Factor: number;
  /** Requests an arm in one p99 window; fewer support no 99th percentile. */
  readonly p99RequestsMin: number;
  readonly p99WindowsRunning: number;
  readonly queueAgeMsMax: number;
}

export const defaultGuardrails: GuardrailSettings = {
  errorsMin: 5,
  errorEvidence: 100,
  errorEvidencePending: 10,
  errorFactor: 2,
  errorPoints: 0.02,
  p99Factor: 3,
  p99RequestsMin: 299,
  p99WindowsRunning: 2,
  queueAgeMsMax: 60_000,
};

export const defaultMeasurement: MeasurementSettings = {
  metric: metrics.latency,
  goal: 'gain',
  blockSize: 20,
  aaPairsMin: 10,
  harmEvidence: 10,
  keepEvidence: 20,
  keepPairsMin: 8,
  intervalEvidence: 40,
  materialGain: -Math.log(0.95),
  pairsMax: 60,
  hoursMax: 72,
  blocksWithoutDataMax: 3,
  guardrails: defaultGuardrails,
};

/** Defaults for another metric; its material gain is its guard band (5 % = the latency default). */
export function measurementOf(
  metricName: Metric['name'],
  changes: Partial<MeasurementSettings> = {},
): MeasurementSettings {
  const metric = metrics[metricName];
  const materialGain = metric.scale === 'log' ? -Math.log(0.95) : metric.delta;
  return { ...defaultMeasurement, metric, materialGain, ...changes };
}
