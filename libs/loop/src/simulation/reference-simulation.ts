import { createRng, type Rng } from '@hartonomous/numerics';
import { everRejects } from '../measurement/e-process.js';
import { addPair, freshEvidence, type Evidence } from '../measurement/evidence.js';
import { defaultMeasurement, type MeasurementSettings } from '../measurement/settings.js';
import { decide, type Decision } from '../measurement/stopping-rule.js';
import { ReferenceStream, referenceWorkload, type ReferenceWorkload } from './reference-workload.js';

export interface ReferenceScenario {
  readonly seed: number;
  readonly runs: number;
  /** True latency, treated / control. */
  readonly ratio: number;
  readonly workload?: ReferenceWorkload;
  readonly settings?: MeasurementSettings;
  /**
   * Two halves of the keys of which one is slower by nature (1.1 = by 10 %), and whether the treated half is the
   * same in all blocks or drawn anew for each.
   */
  readonly halves?: { readonly slower: number; readonly assignment: 'fixed' | 'drawn' };
}

export interface ReferenceFigures {
  readonly ratio: number;
  readonly runs: number;
  readonly kept: number;
  readonly harm: number;
  readonly noBenefit: number;
  readonly inconclusive: number;
  /** Undone for whatever reason: harm, no benefit or inconclusive. */
  readonly reverted: number;
  readonly pairsMedian: number;
  readonly pairsP90: number;
  /** Runs whose 95 % interval missed the true effect when they stopped. */
  readonly intervalMissed: number;
}

/** Runs the stopping rule on the reference workload; counts are of runs. */
export function simulateReference(scenario: ReferenceScenario): ReferenceFigures {
  const rng = createRng(scenario.seed);
  const settings = scenario.settings ?? defaultMeasurement;
  const counts: Record<Decision, number> = {
    continue: 0,
    harm: 0,
    keep: 0,
    'no-benefit': 0,
    inconclusive: 0,
  };
  const pairs = new Float64Array(scenario.runs);
  let intervalMissed = 0;
  for (let run = 0; run < scenario.runs; run++) {
    const { evidence, decision } = simulateOne(rng, scenario, settings);
    counts[decision]++;
    pairs[run] = evidence.differences.length;
    if (missesTruth(evidence, Math.log(scenario.ratio), settings)) intervalMissed++;
  }
  pairs.sort();
  return {
    ratio: scenario.ratio,
    runs: scenario.runs,
    kept: counts.keep,
    harm: counts.harm,
    noBenefit: counts['no-benefit'],
    inconclusive: counts.inconclusive,
    reverted: scenario.runs - counts.keep,
    pairsMedian: pairs[Math.floor(scenario.runs / 2)],
    pairsP90: pairs[Math.floor(0.9 * scenario.runs)],
    intervalMissed,
  };
}

/** One action from its first A/A pair to its decision. */
export function simulateOne(
  rng: Rng,
  scenario: Pick<ReferenceScenario, 'ratio' | 'workload' | 'halves'>,
  settings: MeasurementSettings,
): { evidence: Evidence; decision: Decision } {
  const stream = new ReferenceStream(rng, scenario.workload ?? referenceWorkload, settings.blockSize);
  const difference = (): number => {
    const { halves } = scenario;
    if (!halves) return 1;
    return halves.assignment === 'fixed' || rng() < 0.5 ? 1 / halves.slower : halves.slower;
  };
  let evidence = freshEvidence;
  for (let i = 0; i < settings.aaPairsMin; i++) {
    evidence = addPair(evidence, stream.pair('AA', i, { ratio: difference() }), settings);
  }
  for (let i = 0; ; i++) {
    evidence = addPair(evidence, stream.pair('AB', i, { ratio: scenario.ratio * difference() }), settings);
    const { decision } = decide(evidence, settings);
    if (decision !== 'continue') return { evidence, decision };
  }
}

function missesTruth(evidence: Evidence, truth: number, settings: MeasurementSettings): boolean {
  if (!evidence.frozen) return false;
  const { differences, frozen } = evidence;
  const rejects = (direction: 1 | -1): boolean =>
    everRejects(differences, truth, frozen.scale, direction, settings.intervalEvidence);
  return rejects(1) || rejects(-1);
}

/** Effects of the published power curve. */
export const powerCurveRatios = [1.5, 1.2, 1.1, 1, 0.95, 0.9, 0.8, 0.7] as const;

export const simulatePowerCurve = (
  seed: number,
  runs: number,
  ratios: readonly number[] = powerCurveRatios,
): ReferenceFigures[] => ratios.map((ratio, i) => simulateReference({ seed: seed + i, runs, ratio }));
