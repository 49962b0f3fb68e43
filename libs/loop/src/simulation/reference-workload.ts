import { drawNormal, fillNormal, type Rng } from '@hartonomous/numerics';
import type { PairRow } from '../measurement/evidence.js';

/** Shape of the reference workload of the specification; latencies in ms. */
export interface ReferenceWorkload {
  readonly medianMs: number;
  /** Standard deviation of ln latency. */
  readonly sigma: number;
  readonly outlierShare: number;
  readonly outlierFactor: number;
  /** AR(1) drift of ln latency from block to block: coefficient and stationary standard deviation. */
  readonly driftPhi: number;
  readonly driftSd: number;
  readonly errorShare: number;
}

export const referenceWorkload: ReferenceWorkload = {
  medianMs: 20,
  sigma: 0.5,
  outlierShare: 0.02,
  outlierFactor: 10,
  driftPhi: 0.9,
  driftSd: 0.15,
  errorShare: 0,
};

/** What the treated arm does to a request. */
export interface TrueEffect {
  /** Latency treated / control. */
  readonly ratio: number;
  readonly errorShare?: number;
}

export const noEffect: TrueEffect = { ratio: 1 };

/**
 * Blocks of the workload in switchback order: the two blocks of a pair are adjacent in time, so the drift moves
 * between them, and which comes first is drawn. The harder of the designs; concurrent arms share their drift.
 */
export class ReferenceStream {
  private drift: number;
  private readonly noise: Float64Array;

  constructor(
    private readonly rng: Rng,
    private readonly workload: ReferenceWorkload = referenceWorkload,
    private readonly blockSize = 20,
  ) {
    this.drift = workload.driftSd * drawNormal(rng);
    this.noise = new Float64Array(blockSize);
  }

  /** `effect` is what differs between the arms; for a true A/A pair pass {@link noEffect}. */
  pair(kind: PairRow['kind'], pairNo: number, effect: TrueEffect): PairRow {
    const treatedFirst = this.rng() < 0.5;
    const first = this.block(treatedFirst ? effect : noEffect);
    const second = this.block(treatedFirst ? noEffect : effect);
    const [treated, control] = treatedFirst ? [first, second] : [second, first];
    return {
      pairNo,
      kind,
      control: control.values,
      treated: treated.values,
      errorsControl: control.errors,
      errorsTreated: treated.errors,
      countControl: this.blockSize,
      countTreated: this.blockSize,
    };
  }

  private block(effect: TrueEffect): { values: number[]; errors: number } {
    const { workload, rng } = this;
    const { driftPhi: phi } = workload;
    this.drift = phi * this.drift + Math.sqrt(1 - phi * phi) * workload.driftSd * drawNormal(rng);
    const level = workload.medianMs * effect.ratio * Math.exp(this.drift);
    const errorShare = effect.errorShare ?? workload.errorShare;
    const values = new Array<number>(this.blockSize);
    let errors = 0;
    fillNormal(rng, this.noise);
    for (let i = 0; i < this.blockSize; i++) {
      const outlier = rng() < workload.outlierShare ? workload.outlierFactor : 1;
      values[i] = level * outlier * Math.exp(workload.sigma * this.noise[i]);
      if (errorShare > 0 && rng() < errorShare) errors++;
    }
    return { values, errors };
  }
}
