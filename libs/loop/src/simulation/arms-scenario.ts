import { createRng, drawNormal, type Rng } from '@hartonomous/numerics';
import {
  defaultBandit,
  freshArm,
  freshType,
  learnArm,
  learnType,
  priorOf,
  type ArmBelief,
  type BanditSettings,
  type TypeBelief,
} from '../bandit/belief.js';
import { scoreOptions, type Policy } from '../bandit/select.js';

/** True behaviour of an arm: exclusive chances of a gain and of a harm in one trial. */
export interface TrueArm {
  readonly success: number;
  readonly gainMean: number;
}

const good: readonly TrueArm[] = [
  { success: 0.55, gainMean: 0.4 },
  { success: 0.45, gainMean: 0.3 },
  { success: 0.35, gainMean: 0.25 },
  { success: 0.3, gainMean: 0.2 },
];
const poor: TrueArm = { success: 0.05, gainMean: 0.05 };

/** Twelve arms, four of them good, all of one type; at `rotateAt` every arm takes over the truth four places on. */
export const armsScenario = {
  arms: [...good, ...Array.from({ length: 8 }, () => poor)] as readonly TrueArm[],
  cycles: 150,
  rotateAt: 75,
  rotateBy: 4,
  harmProbability: 0.1,
  harmGain: -0.1,
} as const;

const economics = { exposure: 100, costSeconds: 0, buildHours: 0.5, testHours: 0.5, harmSize: 0.1 };

/** Sum of gains over the cycles of one run of the scenario, one trial a cycle. */
export function runArms(seed: number, policy: Policy, settings: BanditSettings = defaultBandit): number {
  const world = createRng(2 * seed);
  const choices = createRng(2 * seed + 1);
  const count = armsScenario.arms.length;
  let arms: ArmBelief[] = armsScenario.arms.map((_, i) => freshArm(`arm ${i}`, 0));
  let type: TypeBelief = freshType('type', 0);
  let total = 0;
  for (let cycle = 0; cycle < armsScenario.cycles; cycle++) {
    const prior = priorOf(type, settings);
    const options = arms.map((arm) => ({ id: arm.key, arm, prior, economics, reversible: true }));
    const [first] = scoreOptions(options, cycle, choices, policy, settings);
    const chosen = arms.findIndex((arm) => arm.key === first.id);
    const shift = cycle >= armsScenario.rotateAt ? armsScenario.rotateBy : 0;
    const gain = trial(armsScenario.arms[(chosen + shift) % count], world);
    const outcome = { kept: gain > 0, harmed: gain < 0, gain: gain > 0 ? gain : null };
    arms = arms.with(chosen, learnArm(arms[chosen], outcome, cycle, settings));
    type = learnType(type, outcome, cycle, settings);
    total += gain;
  }
  return total;
}

function trial(arm: TrueArm, rng: Rng): number {
  const draw = rng();
  if (draw < armsScenario.harmProbability) return armsScenario.harmGain;
  if (draw >= armsScenario.harmProbability + arm.success) return 0;
  return arm.gainMean * (1 + drawNormal(rng) / 3);
}

export interface ArmsFigures {
  readonly seeds: number;
  readonly thompson: number;
  readonly greedy: number;
  readonly uniform: number;
}

/** Mean total gain a run, over seeds `from`, `from + 1`, ... */
export function compareArms(
  seeds: number,
  from = 1,
  settings: BanditSettings = { ...defaultBandit, probabilityDraws: 0 },
): ArmsFigures {
  const mean = (policy: Policy): number => {
    let sum = 0;
    for (let i = 0; i < seeds; i++) sum += runArms(from + i, policy, settings);
    return sum / seeds;
  };
  return { seeds, thompson: mean('thompson'), greedy: mean('greedy'), uniform: mean('uniform') };
}
