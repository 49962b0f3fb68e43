import { NumericsError } from './errors.js';
import { requireInRange } from './preconditions.js';

/** Serialised digest: plain data. */
export interface TDigestData {
  compression: number;
  min: number;
  max: number;
  means: number[];
  weights: number[];
}

/**
 * Mergeable sketch of a distribution (Dunning & Ertl 2019): merging t-digest with the arcsine scale function, so
 * resolution is finest in the tails. `compression` delta (default 200) bounds the centroids; values are buffered
 * (5 delta) and merged in O(log n) amortised. Deterministic for a given order of values.
 */
export class TDigest {
  private means: Float64Array;
  private weights: Float64Array;
  private size = 0;
  private total = 0;
  private readonly buffer: Float64Array;
  private buffered = 0;
  private lowest = Infinity;
  private highest = -Infinity;

  constructor(readonly compression = 200) {
    requireInRange('T_DIGEST', 'compression', compression, 10, 10_000);
    this.means = new Float64Array(Math.ceil(compression) * 2 + 10);
    this.weights = new Float64Array(this.means.length);
    this.buffer = new Float64Array(Math.ceil(compression) * 5);
  }

  /** Number of values seen. */
  get count(): number {
    return this.total + this.buffered;
  }

  /** Least value seen; +Infinity when empty. */
  get min(): number {
    return this.lowest;
  }

  /** Greatest value seen; -Infinity when empty. */
  get max(): number {
    return this.highest;
  }

  /** Adds a finite value; throws `T_DIGEST_NOT_FINITE` otherwise. */
  add(value: number): void {
    if (!Number.isFinite(value)) throw new NumericsError('T_DIGEST_NOT_FINITE', `value ${value}`, { value });
    if (value < this.lowest) this.lowest = value;
    if (value > this.highest) this.highest = value;
    this.buffer[this.buffered++] = value;
    if (this.buffered === this.buffer.length) this.flush();
  }

  /** Adds everything another digest has seen; the other is unchanged in meaning (its buffer may be merged). */
  merge(other: TDigest): void {
    other.flush();
    this.flush();
    if (other.size === 0) return;
    this.lowest = Math.min(this.lowest, other.lowest);
    this.highest = Math.max(this.highest, other.highest);
    this.absorb(other.means.subarray(0, other.size), other.weights.subarray(0, other.size));
  }

  private flush(): void {
    if (this.buffered === 0) return;
    const values = this.buffer.subarray(0, this.buffered).sort();
    this.buffered = 0;
    this.absorb(values, null);
  }

  /** Merges ascending centroids (weight 1 each when `weights` is null) with the present ones. */
  private absorb(means: Float64Array, weights: Float64Array | null): void {
    const oldMeans = this.means.slice(0, this.size);
    const oldWeights = this.weights.slice(0, this.size);
    let added = means.length;
    if (weights) added = weights.reduce((sum, weight) => sum + weight, 0);
    const total = this.total + added;
    let i = 0;
    let j = 0;
    let out = -1;
    let before = 0;
    let limit = 0;
    while (i < oldMeans.length || j < means.length) {
      const takeOld = j >= means.length || (i < oldMeans.length && oldMeans[i] <= means[j]);
      const mean = takeOld ? oldMeans[i] : means[j];
      const weight = takeOld ? oldWeights[i++] : weights ? weights[j] : 1;
      if (!takeOld) j++;
      if (out >= 0 && before + this.weights[out] + weight <= limit) {
        this.weights[out] += weight;
        this.means[out] += ((mean - this.means[out]) * weight) / this.weights[out];
        continue;
      }
      if (out >= 0) before += this.weights[out];
      out++;
      this.means[out] = mean;
      this.weights[out] = weight;
      limit = total * this.upperQuantile(before / total);
    }
    this.size = out + 1;
    this.total = total;
  }

  /** Quantile at which a centroid that starts at quantile q must end: one unit of the k1 scale further. */
  private upperQuantile(q: number): number {
    const k = (this.compression / (2 * Math.PI)) * Math.asin(2 * q - 1) + 1;
    const angle = (2 * Math.PI * k) / this.compression;
    return angle >= Math.PI / 2 ? 1 : (Math.sin(angle) + 1) / 2;
  }

  /**
   * Estimated quantile: linear between centroid middles, exact at both ends and for centroids of weight 1.
   * Throws `T_DIGEST_EMPTY` when nothing was added and `T_DIGEST_INVALID` for q outside [0, 1]. O(delta).
   */
  quantile(q: number): number {
    requireInRange('T_DIGEST', 'q', q, 0, 1);
    this.flush();
    if (this.size === 0) throw new NumericsError('T_DIGEST_EMPTY', 'no value was added');
    const rank = q * (this.total - 1) + 0.5;
    let leftRank = 0.5;
    let leftMean = this.lowest;
    let before = 0;
    for (let c = 0; c < this.size; c++) {
      const middle = before + this.weights[c] / 2;
      if (rank < middle) return interpolate(rank, leftRank, leftMean, middle, this.means[c]);
      leftRank = middle;
      leftMean = this.means[c];
      before += this.weights[c];
    }
    return interpolate(rank, leftRank, leftMean, this.total - 0.5, this.highest);
  }

  /** Estimated share of values <= x (linear between centroid middles). Throws `T_DIGEST_EMPTY`. O(delta). */
  cdf(x: number): number {
    this.flush();
    if (this.size === 0) throw new NumericsError('T_DIGEST_EMPTY', 'no value was added');
    if (x < this.lowest) return 0;
    if (x >= this.highest) return 1;
    let leftRank = 0.5;
    let leftMean = this.lowest;
    let before = 0;
    for (let c = 0; c < this.size; c++) {
      const middle = before + this.weights[c] / 2;
      if (x < this.means[c]) return interpolate(x, leftMean, leftRank, this.means[c], middle) / this.total;
      leftRank = middle;
      leftMean = this.means[c];
      before += this.weights[c];
    }
    return interpolate(x, leftMean, leftRank, this.highest, this.total - 0.5) / this.total;
  }

  /** Plain data for storage. */
  toData(): TDigestData {
    this.flush();
    return {
      compression: this.compression,
      min: this.lowest,
      max: this.highest,
      means: Array.from(this.means.subarray(0, this.size)),
      weights: Array.from(this.weights.subarray(0, this.size)),
    };
  }

  /** Restores a digest; throws `T_DIGEST_SHAPE` for data that no digest wrote. */
  static fromData(data: TDigestData): TDigest {
    const digest = new TDigest(data.compression);
    const { means, weights } = data;
    if (means.length !== weights.length || means.length > digest.means.length) {
      throw new NumericsError('T_DIGEST_SHAPE', 'means and weights do not fit the compression');
    }
    digest.means.set(means);
    digest.weights.set(weights);
    digest.size = means.length;
    digest.total = weights.reduce((sum, weight) => sum + weight, 0);
    digest.lowest = means.length === 0 ? Infinity : data.min;
    digest.highest = means.length === 0 ? -Infinity : data.max;
    return digest;
  }
}

function interpolate(x: number, x0: number, y0: number, x1: number, y1: number): number {
  if (x1 <= x0) return y1;
  return y0 + ((x - x0) / (x1 - x0)) * (y1 - y0);
}
