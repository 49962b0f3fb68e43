import { builtActionTypes, type ActionMode, type Candidate } from '@hartonomous/contracts';
import {
  armKeyOf,
  coolDownOf,
  defaultModeOf,
  freshArm,
  isConcluded,
  priorOf,
  type ArmBelief,
  type RankInput,
  type TargetRefusal,
  type TypeBelief,
} from '@hartonomous/loop';
import type { ActionRow, BeliefRow } from '@hartonomous/store';

export interface SettledTarget {
  type: string;
  target: string;
  state: ActionRow['state'];
  concludedAt: Date;
  fingerprint: string | null;
  reverts: number;
}

/** What the store knows that decides about candidates. */
export interface Known {
  tenantId: string;
  cycleNumber: number;
  settled: readonly SettledTarget[];
  /** Actions that are neither concluded nor proposals: their scopes are taken. */
  open: readonly Pick<ActionRow, 'type'>[];
  modes: ReadonlyMap<string, string>;
  beliefs: readonly BeliefRow[];
  nowMs: number;
  scale: number;
}

/** A harmful change is caught within this time and costs this share of latency while it is. */
const testHours = { A: 0.1, B: 0.1, C: 1, D: 1 } as const;
const harmSize = 0.2;

/** What an action of the type touches: at most one unverified action a scope. */
export const scopesOf = ({ type }: Pick<Candidate, 'type'>): string[] => {
  const scope = builtActionTypes[type]?.scope ?? 'none';
  return scope === 'none' ? [] : [scope];
};

/** A candidate with all that decides whether it may be tried now; `id` is its place in the list. */
export function rankInputOf(candidate: Candidate, id: number, known: Known): RankInput {
  const { requestsPerHour, meanSeconds } = candidate.exposure;
  const type = known.beliefs.find((b) => b.kind === 'type' && b.key === candidate.type);
  const mode = known.modes.get(`mode.${candidate.type}`) as ActionMode | undefined;
  return {
    id: String(id),
    candidate,
    scopes: scopesOf(candidate),
    available: candidate.type in builtActionTypes,
    mode: mode ?? defaultModeOf(candidate.actionClass),
    settled: candidate.type === 'Placebo' ? null : refusalOf(candidate, known),
    arm: armOf(known, armKeyOf(candidate.type, candidate.targetClass, known.tenantId)),
    prior: priorOf(type ? typeBeliefOf(type) : null),
    economics: {
      exposure: requestsPerHour * meanSeconds,
      costSeconds: candidate.costSeconds,
      buildHours: candidate.costSeconds / 3_600,
      testHours: testHours[candidate.actionClass],
      harmSize,
    },
  };
}

const undone = [
  'RevertedHarm',
  'RevertedNoBenefit',
  'Inconclusive',
  'RevertedByOperator',
  'Unkept',
  'FailedToApply',
];

function refusalOf(candidate: Candidate, known: Known): TargetRefusal | null {
  const fingerprint = String(candidate.parameters['fingerprint'] ?? '');
  const last = known.settled.find((s) => s.type === candidate.type && s.target === candidate.target);
  if (!last || !isConcluded(last.state)) return null;
  if (last.state === 'Kept' && last.fingerprint === fingerprint) {
    return { code: 'already-kept', reason: 'kept before, and nothing about the target has changed since' };
  }
  if (!undone.includes(last.state)) return null;
  const history = {
    reverts: Math.max(1, last.reverts),
    revertedAtMs: last.concludedAt.getTime(),
    fingerprint: last.fingerprint ?? '',
  };
  const coolDown = coolDownOf(history, fingerprint, known.nowMs, known.scale);
  return coolDown.cooling ? { code: coolDown.code, reason: coolDown.reason } : null;
}

function armOf(known: Known, key: string): ArmBelief {
  const row = known.beliefs.find((b) => b.kind === 'arm' && b.key === key);
  if (!row) return freshArm(key, known.cycleNumber);
  return { ...row, gains: { count: row.gainCount, mean: row.gainMean, m2: row.gainM2 } };
}

/** Rows for arms that have none yet; a placebo is no arm. */
export function newArmsOf(inputs: readonly RankInput[], known: Known): BeliefRow[] {
  const rows = new Map<string, BeliefRow>();
  for (const { arm, candidate } of inputs) {
    if (candidate.type === 'Placebo' || known.beliefs.some((b) => b.kind === 'arm' && b.key === arm.key))
      continue;
    const { gains, ...counts } = arm;
    const { count: gainCount, mean: gainMean, m2: gainM2 } = gains;
    rows.set(arm.key, { ...counts, gainCount, gainMean, gainM2, kind: 'arm', version: 0 });
  }
  return [...rows.values()];
}

const typeBeliefOf = (row: BeliefRow): TypeBelief => ({
  ...row,
  type: row.key,
  gains: { count: row.gainCount, mean: row.gainMean, m2: row.gainM2 },
});
