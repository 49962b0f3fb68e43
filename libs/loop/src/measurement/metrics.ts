/** How one metric is turned into block statistics and what counts as a change of it. */
export interface Metric {
  readonly name: 'latency' | 'latency-p95' | 'error-share' | 'throughput' | 'rating';
  readonly label: string;
  readonly unit: string;
  /** 'log': differences are logs of ratios, shown as treated / control. 'points': plain differences. */
  readonly scale: 'log' | 'points';
  /** Values are raised to `floor` and cut at `ceiling` before the transform, which bounds every effect. */
  readonly floor: number;
  readonly ceiling: number;
  readonly statistic: 'median' | 'p95' | 'mean';
  /** +1 when a higher value is worse, -1 when it is better: differences are turned so that higher is worse. */
  readonly worse: 1 | -1;
  /** Guard band: a change within it is no change. In ln units or points. */
  readonly delta: number;
  /** What non-inferiority may give away, in the same unit. */
  readonly margin: number;
  /** A gain smaller than this in the metric's own unit (ms) is not worth an action, whatever its ratio. */
  readonly minAbsoluteGain: number;
}

const latency: Metric = {
  name: 'latency',
  label: 'latency',
  unit: 'latency ratio, treated / control',
  scale: 'log',
  floor: 0.05,
  // The gateway answers or times out within 30 s; a time-out counts as its value.
  ceiling: 30_000,
  statistic: 'median',
  worse: 1,
  delta: Math.log(1.05),
  margin: Math.log(1.1),
  minAbsoluteGain: 0.05,
};

export const metrics: Readonly<Record<Metric['name'], Metric>> = {
  latency,
  'latency-p95': { ...latency, name: 'latency-p95', label: 'p95 latency', statistic: 'p95' },
  'error-share': {
    name: 'error-share',
    label: 'error share',
    unit: 'error share, treated - control',
    scale: 'points',
    floor: 0,
    ceiling: 1,
    statistic: 'mean',
    worse: 1,
    delta: 0.01,
    margin: 0.02,
    minAbsoluteGain: 0.01,
  },
  throughput: {
    name: 'throughput',
    label: 'throughput',
    unit: 'throughput ratio, treated / control',
    scale: 'log',
    floor: 1e-6,
    ceiling: 1e9,
    statistic: 'median',
    worse: -1,
    delta: Math.log(1.05),
    margin: Math.log(1.1),
    minAbsoluteGain: 0,
  },
  rating: {
    name: 'rating',
    label: 'mean rating',
    unit: 'rating points, treated - control',
    scale: 'points',
    floor: -5,
    ceiling: 5,
    statistic: 'mean',
    worse: -1,
    delta: 0.1,
    margin: 0.2,
    minAbsoluteGain: 0.1,
  },
};

/** Ratio (log metrics) or difference in points of treated against control for a turned difference d. */
export const effectOf = (metric: Metric, d: number): number =>
  metric.scale === 'log' ? Math.exp(metric.worse * d) : metric.worse * d;

/** The transform of one value: ln (log metrics) or the value, both within [floor, ceiling]. */
export function transform(metric: Metric, value: number): number {
  const bounded = value < metric.floor ? metric.floor : value > metric.ceiling ? metric.ceiling : value;
  return metric.scale === 'log' ? Math.log(bounded) : bounded;
}

/** Largest difference d that the metric's bounds allow. */
export const differenceMax = (metric: Metric): number =>
  transform(metric, metric.ceiling) - transform(metric, metric.floor);

/**
 * Guard band of a gain where the control stands at `level` (transformed): the larger of delta and of the minimum
 * absolute gain. Infinity where the metric is already so low that no gain could reach the minimum.
 */
export function gainBand(metric: Metric, level: number): number {
  if (metric.minAbsoluteGain <= 0) return metric.delta;
  if (metric.scale === 'points') return Math.max(metric.delta, metric.minAbsoluteGain);
  const share = metric.minAbsoluteGain / Math.exp(level);
  return share >= 1 ? Infinity : Math.max(metric.delta, -Math.log(1 - share));
}
