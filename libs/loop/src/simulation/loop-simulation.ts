import { HartoError, hypothesisTypes, type HypothesisType } from '@hartonomous/contracts';
import { createRng, drawNormal, hodgesLehmann } from '@hartonomous/numerics';
import {
  armKeyOf,
  defaultBandit,
  freshArm,
  freshType,
  learnArm,
  learnType,
  priorOf,
  type ArmBelief,
  type BanditSettings,
  type TrialOutcome,
  type TypeBelief,
} from '../bandit/belief.js';
import { scoreOptions, type Policy } from '../bandit/select.js';
import type { Economics } from '../bandit/value.js';
import { isPlaceboCycle } from '../cadence.js';
import { defaultMeasurement, type MeasurementSettings } from '../measurement/settings.js';
import type { Decision } from '../measurement/stopping-rule.js';
import { rngOfText } from '../random.js';
import { simulateOne } from './reference-simulation.js';

/** True behaviour of one kind of action in the synthetic world. */
export interface TrueType {
  readonly type: HypothesisType;
  readonly targetClass: string;
  /** Exclusive chances that a trial of it gains or harms; otherwise it does nothing. */
  readonly gainProbability: number;
  readonly harmProbability: number;
  /** Median latency ratio treated / control of a gain and of a harm. */
  readonly gainRatio: number;
  readonly harmRatio: number;
  /** Seconds per hour spent on what it touches. */
  readonly exposure: number;
}

const trueType = (
  type: HypothesisType,
  targetClass: string,
  [gainProbability, gainRatio]: readonly [number, number],
  [harmProbability, harmRatio]: readonly [number, number],
  exposure: number,
): TrueType => ({ type, targetClass, gainProbability, gainRatio, harmProbability, harmRatio, exposure });

/** Ten kinds of action with known truth: some worth it, some idle, some harmful. */
export const syntheticWorld: readonly TrueType[] = [
  trueType('IndexOptimization', 'index', [0.5, 0.6], [0.1, 1.3], 120),
  trueType('IndexOptimization', 'spatial', [0.15, 0.8], [0.1, 1.3], 80),
  trueType('QueryRegression', 'statement', [0.3, 0.65], [0.1, 1.5], 100),
  trueType('QueryRegression', 'setting', [0.05, 0.9], [0.2, 1.4], 100),
  trueType('CacheWarming', 'answers', [0.45, 0.75], [0.05, 1.1], 90),
  trueType('CacheWarming', 'activations', [0.1, 0.85], [0.05, 1.1], 40),
  trueType('ConceptDiscovery', 'concept', [0.1, 0.9], [0.05, 1.1], 60),
  trueType('ModelRetraining', 'model', [0.2, 0.8], [0.2, 1.4], 60),
  trueType('Compression', 'model', [0.05, 0.9], [0.3, 1.5], 60),
  trueType('CandidateVersion', 'model', [0.1, 0.9], [0.15, 1.2], 60),
];

export interface LoopSimulationOptions {
  readonly seed: number;
  readonly cycles: number;
  readonly world?: readonly TrueType[];
  readonly bandit?: BanditSettings;
  readonly measurement?: MeasurementSettings;
}

export interface PolicyFigures {
  readonly policy: Policy;
  readonly trials: number;
  readonly nothingWorthTrying: number;
  readonly verdicts: Readonly<Record<Exclude<Decision, 'continue'>, number>>;
  readonly placebos: number;
  readonly placebosKept: number;
  /** Kept although the true ratio was 1 or more, of all such trials (placebos included). */
  readonly falseKeepRate: number | null;
  /** Reverted for harm or no benefit although the true gain was above 5 %, of all such trials. */
  readonly falseRevertRate: number | null;
  /** True gains above 5 % that were tried and not kept, for whatever reason. */
  readonly missedGains: { readonly trials: number; readonly secondsPerHour: number };
  /** True gain of what was kept, less the harm done while trying and the cost of the trials; seconds per hour. */
  readonly totalGain: number;
  readonly pairsMean: number;
}

export interface LoopSimulationReport {
  readonly seed: number;
  readonly cycles: number;
  readonly arms: number;
  /** Cycle from which the kinds of action have changed places: what was good is no longer. */
  readonly truthShiftsAt: number;
  readonly policies: readonly PolicyFigures[];
  readonly gainOverUniform: number | null;
  readonly gainOverGreedy: number | null;
}

const cyclesMax = 100_000;
const materialRatio = 0.95;
/** One-off seconds are spread over this many hours, as everywhere in the loop. */
const horizonHours = defaultBandit.horizonHours;
const trialHours = 0.2;
const trialCostSeconds = 5;

/**
 * The pure loop against a synthetic workload with known truth: bandit and stopping rule are the ones of production,
 * the world is not. Each policy meets the same world; the same seed gives the same report.
 * @throws HartoError INPUT_INVALID for a seed or number of cycles out of range.
 */
export function simulateLoop(options: LoopSimulationOptions): LoopSimulationReport {
  const { seed, cycles } = options;
  if (!Number.isInteger(cycles) || cycles < 1 || cycles > cyclesMax) {
    throw new HartoError('INPUT_INVALID', `cycles must be a whole number from 1 to ${cyclesMax}`);
  }
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new HartoError('INPUT_INVALID', 'seed must be a whole number, 0 or more');
  }
  const world = options.world ?? syntheticWorld;
  const policies = (['thompson', 'greedy', 'uniform'] as const).map((policy) =>
    runPolicy(policy, world, options),
  );
  const [thompson, greedy, uniform] = policies.map(({ totalGain }) => totalGain);
  return {
    seed,
    cycles,
    arms: world.length,
    truthShiftsAt: shiftOf(cycles),
    policies,
    gainOverUniform: uniform > 0 ? thompson / uniform : null,
    gainOverGreedy: greedy > 0 ? thompson / greedy : null,
  };
}

const shiftOf = (cycles: number): number => Math.floor(cycles / 2);

interface Beliefs {
  arms: ArmBelief[];
  types: Map<string, TypeBelief>;
}

function runPolicy(
  policy: Policy,
  world: readonly TrueType[],
  options: LoopSimulationOptions,
): PolicyFigures {
  const { seed, cycles, bandit = { ...defaultBandit, probabilityDraws: 0 } } = options;
  const measurement = options.measurement ?? defaultMeasurement;
  const rng = rngOfText(`${seed}|policy|${policy}`);
  const beliefs: Beliefs = {
    arms: world.map(({ type, targetClass }) => freshArm(armKeyOf(type, targetClass, 'simulated'), 0)),
    types: new Map(hypothesisTypes.map((type) => [type, freshType(type, 0)])),
  };
  const tally = new Tally(policy);
  for (let cycle = 0; cycle < cycles; cycle++) {
    if (isPlaceboCycle(rngOfText(`${seed}|placebo|${cycle}`))) {
      const { decision, pairs } = measure(seed, cycle, -1, 1, measurement);
      tally.placebo(decision, pairs);
      continue;
    }
    const chosen = choose(policy, world, beliefs, cycle, rng, bandit);
    if (chosen === null) {
      tally.nothingWorthTrying++;
      continue;
    }
    const truth = truthOf(world, chosen, cycle, cycles);
    const ratio = ratioOf(truth, rngOfText(`${seed}|truth|${cycle}|${chosen}`));
    const { decision, pairs, estimate } = measure(seed, cycle, chosen, ratio, measurement);
    tally.trial(decision, pairs, ratio, truth.exposure);
    learn(beliefs, chosen, world[chosen].type, outcomeOf(decision, estimate), cycle, bandit);
  }
  return tally.figures();
}

function choose(
  policy: Policy,
  world: readonly TrueType[],
  beliefs: Beliefs,
  cycle: number,
  rng: () => number,
  bandit: BanditSettings,
): number | null {
  const options = world.map((truth, i) => ({
    id: String(i),
    arm: beliefs.arms[i],
    prior: priorOf(beliefs.types.get(truth.type) ?? null, bandit),
    economics: economicsOf(truth),
    reversible: true,
  }));
  const [first] = scoreOptions(options, cycle, rng, policy, bandit);
  return first && (first.forced || first.value > 0) ? Number(first.id) : null;
}

const economicsOf = ({ exposure }: TrueType): Economics => ({
  exposure,
  costSeconds: trialCostSeconds,
  buildHours: trialHours / 2,
  testHours: trialHours / 2,
  harmSize: 0.2,
});

/** From half time on, each kind behaves like another one: chances and effects move, what it touches does not. */
function truthOf(world: readonly TrueType[], arm: number, cycle: number, cycles: number): TrueType {
  if (cycle < shiftOf(cycles)) return world[arm];
  return { ...world[(arm + 4) % world.length], exposure: world[arm].exposure };
}

function ratioOf(truth: TrueType, rng: () => number): number {
  const draw = rng();
  const vary = Math.exp(0.1 * drawNormal(rng));
  if (draw < truth.gainProbability) return Math.min(0.99, truth.gainRatio * vary);
  if (draw < truth.gainProbability + truth.harmProbability) return Math.max(1.01, truth.harmRatio * vary);
  return 1;
}

function measure(
  seed: number,
  cycle: number,
  arm: number,
  ratio: number,
  measurement: MeasurementSettings,
): { decision: Decision; pairs: number; estimate: number } {
  const rng = createRng(Math.floor(rngOfText(`${seed}|measure|${cycle}|${arm}`)() * 2 ** 32));
  const { evidence, decision } = simulateOne(rng, { ratio }, measurement);
  const { differences } = evidence;
  return { decision, pairs: differences.length, estimate: Math.exp(hodgesLehmann(differences)) };
}

const outcomeOf = (decision: Decision, estimate: number): TrialOutcome => ({
  kept: decision === 'keep',
  harmed: decision === 'harm',
  gain: decision === 'keep' ? 1 - estimate : null,
});

function learn(
  beliefs: Beliefs,
  arm: number,
  type: HypothesisType,
  outcome: TrialOutcome,
  cycle: number,
  bandit: BanditSettings,
): void {
  beliefs.arms[arm] = learnArm(beliefs.arms[arm], outcome, cycle, bandit);
  const before = beliefs.types.get(type) ?? freshType(type, cycle);
  beliefs.types.set(type, learnType(before, outcome, cycle, bandit));
}

/** Counts of one policy's run. */
class Tally {
  nothingWorthTrying = 0;
  private readonly verdicts = { harm: 0, keep: 0, 'no-benefit': 0, inconclusive: 0 };
  private trials = 0;
  private pairs = 0;
  private placebos = 0;
  private placebosKept = 0;
  private idle = 0;
  private idleKept = 0;
  private material = 0;
  private materialReverted = 0;
  private missed = 0;
  private missedSeconds = 0;
  private gain = 0;

  constructor(private readonly policy: Policy) {}

  placebo(decision: Decision, pairs: number): void {
    this.placebos++;
    if (decision === 'keep') this.placebosKept++;
    this.trial(decision, pairs, 1, 0);
  }

  trial(decision: Decision, pairs: number, ratio: number, exposure: number): void {
    if (decision === 'continue') return;
    this.trials++;
    this.pairs += pairs;
    this.verdicts[decision]++;
    const kept = decision === 'keep';
    const saved = (1 - ratio) * exposure;
    // Half of the requests are treated while it is tried.
    const tried = (Math.min(0, saved) * trialHours) / 2 - trialCostSeconds;
    this.gain += (kept ? saved : 0) + tried / horizonHours;
    if (ratio >= 1) {
      this.idle++;
      if (kept) this.idleKept++;
    }
    if (ratio < materialRatio) {
      this.material++;
      if (decision === 'harm' || decision === 'no-benefit') this.materialReverted++;
      if (!kept) {
        this.missed++;
        this.missedSeconds += saved;
      }
    }
  }

  figures(): PolicyFigures {
    return {
      policy: this.policy,
      trials: this.trials,
      nothingWorthTrying: this.nothingWorthTrying,
      verdicts: this.verdicts,
      placebos: this.placebos,
      placebosKept: this.placebosKept,
      falseKeepRate: this.idle === 0 ? null : this.idleKept / this.idle,
      falseRevertRate: this.material === 0 ? null : this.materialReverted / this.material,
      missedGains: { trials: this.missed, secondsPerHour: this.missedSeconds },
      totalGain: this.gain,
      pairsMean: this.trials === 0 ? 0 : this.pairs / this.trials,
    };
  }
}
