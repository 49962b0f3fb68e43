import type { ActionMode, Candidate, RejectedCandidate } from '@hartonomous/contracts';
import type { Rng } from '@hartonomous/numerics';
import { defaultBandit, type ArmBelief, type ArmPrior, type BanditSettings } from './belief.js';
import { scoreOptions, type Policy, type Scored } from './select.js';
import type { Economics } from './value.js';

/** Why a candidate was not proposed; stable, tests and the console name them. */
export const rejectionCodes = [
  'unavailable',
  'mode',
  'already-kept',
  'cooling-down',
  'fingerprint-unchanged',
  'scope-locked',
  'duplicate-target',
  'value-not-positive',
  'not-selected',
] as const;
export type RejectionCode = (typeof rejectionCodes)[number];

export interface TargetRefusal {
  readonly code: Extract<RejectionCode, 'already-kept' | 'cooling-down' | 'fingerprint-unchanged'>;
  readonly reason: string;
}

/** A candidate with all that decides whether it may be tried now. */
export interface RankInput {
  readonly id: string;
  readonly candidate: Candidate;
  /** What it changes; one unverified action per scope. Empty: nothing. */
  readonly scopes: readonly string[];
  /** False: no executor is built for the type. */
  readonly available: boolean;
  readonly mode: ActionMode;
  /** Why the target's own history speaks against it now; null when it does not. */
  readonly settled: TargetRefusal | null;
  readonly arm: ArmBelief;
  readonly prior: ArmPrior;
  readonly economics: Economics;
}

export interface RankContext {
  readonly cycle: number;
  /** Actions that one cycle may propose; a placebo is no bet and takes none. */
  readonly slots: number;
  /** Scopes of actions that are applying, verifying or reverting. */
  readonly lockedScopes: ReadonlySet<string>;
  readonly policy?: Policy;
  readonly settings?: BanditSettings;
}

export interface Chosen {
  readonly input: RankInput;
  readonly score: Scored;
  /** Why it is tried now, in a sentence. */
  readonly reason: string;
}

export interface Ranking {
  readonly chosen: readonly Chosen[];
  readonly rejected: readonly (RejectedCandidate & {
    id: string;
    reasonCode: RejectionCode;
    score: Scored | null;
  })[];
  /** Set when nothing was chosen: a valid result, with its reasons. */
  readonly nothingWorthTrying: string | null;
}

type Rejected = Ranking['rejected'][number];

/** Chooses what to try in this cycle; every other candidate gets its reason. */
export function rankCandidates(inputs: readonly RankInput[], context: RankContext, rng: Rng): Ranking {
  const rejected: Rejected[] = [];
  const chosen: Chosen[] = [];
  const locked = new Set(context.lockedScopes);
  const open: RankInput[] = [];
  const targets = new Set<string>();
  for (const input of inputs) {
    const refusal = refusalOf(input, locked, targets);
    if (refusal) rejected.push(reject(input, null, ...refusal));
    else {
      targets.add(targetKey(input));
      open.push(input);
    }
  }
  const real = open.filter((input) => !isPlacebo(input));
  const byId = new Map(real.map((input) => [input.id, input]));
  const options = real.map((input) => ({
    id: input.id,
    arm: input.arm,
    prior: input.prior,
    economics: input.economics,
    reversible: input.candidate.actionClass === 'A' || input.candidate.actionClass === 'B',
  }));
  const { cycle, policy, settings = defaultBandit } = context;
  const scores = scoreOptions(options, cycle, rng, policy, settings);
  const placebos = open.filter(isPlacebo).map((input) => ({
    input,
    score: placeboScore(input),
    reason: 'placebo: checks what the loop keeps of nothing',
  }));
  for (const score of scores) {
    const input = byId.get(score.id)!;
    const refusal = refusalOfScore(input, score, locked, chosen.length, context);
    if (refusal) rejected.push(reject(input, score, ...refusal));
    else {
      chosen.push({ input, score, reason: reasonOf(score, settings) });
      for (const scope of input.scopes) locked.add(scope);
    }
  }
  const all = [...placebos, ...chosen];
  return { chosen: all, rejected, nothingWorthTrying: all.length > 0 ? null : nothingReason(rejected) };
}

const isPlacebo = (input: RankInput): boolean => input.candidate.type === 'Placebo';
const targetKey = ({ candidate }: RankInput): string => `${candidate.type}|${candidate.target}`;

function refusalOf(
  input: RankInput,
  locked: ReadonlySet<string>,
  targets: ReadonlySet<string>,
): [RejectionCode, string] | null {
  const { candidate, mode, settled } = input;
  if (!input.available) return ['unavailable', `the executor of ${candidate.type} is not built`];
  // What is only recommended goes on to Act, which shows it as gated: a person may still want it.
  if (mode === 'Off' || mode === 'Observe') return ['mode', `the mode of ${candidate.type} is ${mode}`];
  if (settled) return [settled.code, settled.reason];
  if (targets.has(targetKey(input))) return ['duplicate-target', `${candidate.target} is proposed already`];
  const scope = input.scopes.find((name) => locked.has(name));
  return scope === undefined ? null : ['scope-locked', `another action on the ${scope} is not verified yet`];
}

function refusalOfScore(
  input: RankInput,
  score: Scored,
  locked: ReadonlySet<string>,
  chosenCount: number,
  context: RankContext,
): [RejectionCode, string] | null {
  if (score.value <= 0 && !score.forced) {
    return [
      'value-not-positive',
      `expected to cost more than it brings (${seconds(score.value)} per hour of trial)`,
    ];
  }
  if (chosenCount >= context.slots) {
    const first = `${context.slots} candidate(s) that promise more are tried first`;
    return ['not-selected', `${first}; this one promises ${seconds(score.value)} per hour of trial`];
  }
  const scope = input.scopes.find((name) => locked.has(name));
  return scope === undefined ? null : ['scope-locked', `a better candidate on the ${scope} is tried first`];
}

/** Three digits; never an exponent, which is no figure for an operator. */
const seconds = (value: number): string =>
  `${Math.abs(value) >= 100 ? Math.round(value) : Number(value.toFixed(3))} s`;

const reasonOf = (score: Scored, settings: BanditSettings): string =>
  score.forced
    ? `its turn: each safe arm is tried once in ${settings.tryEveryCycles} cycles`
    : `promises ${seconds(score.value)} per hour of trial (expected ${seconds(score.meanValue)}, chosen in ${Math.round(100 * score.probability)} % of draws)`;

const reject = (
  input: RankInput,
  score: Scored | null,
  reasonCode: RejectionCode,
  reason: string,
): Rejected => ({
  id: input.id,
  type: input.candidate.type,
  target: input.candidate.target,
  reason,
  reasonCode,
  score,
});

function placeboScore(input: RankInput): Scored {
  return { id: input.id, value: 0, meanValue: 0, probability: 1, forced: true, theta: 0, mu: 0, eta: 0 };
}

function nothingReason(rejected: readonly Rejected[]): string {
  if (rejected.length === 0) return 'nothing worth trying: no candidate was found';
  const counts = new Map<string, number>();
  for (const { reasonCode } of rejected) counts.set(reasonCode, (counts.get(reasonCode) ?? 0) + 1);
  const parts = [...counts].toSorted((a, b) => b[1] - a[1]).map(([code, count]) => `${count} ${code}`);
  return `nothing worth trying: ${parts.join(', ')}`;
}
