import {
  builtActionTypes,
  type ActionMode,
  type Candidate,
  type RejectedCandidate,
} from '@hartonomous/contracts';
import { coolDownOf, defaultModeOf, isConcluded } from '@hartonomous/loop';
import type { ActionRow } from '@hartonomous/store';

export interface SettledTarget {
  type: string;
  target: string;
  state: ActionRow['state'];
  concludedAt: Date;
  fingerprint: string | null;
  reverts: number;
}

export interface GateContext {
  settled: readonly SettledTarget[];
  /** Actions that are neither concluded nor proposals: their scopes are taken. */
  open: readonly Pick<ActionRow, 'type'>[];
  modes: ReadonlyMap<string, string>;
  nowMs: number;
  scale: number;
}

export interface Gated {
  eligible: Candidate[];
  rejected: RejectedCandidate[];
}

/** What a candidate touches: at most one unverified action a scope. */
export function scopeOf(action: Pick<Candidate, 'type'>): string | null {
  const scope = builtActionTypes[action.type]?.scope ?? 'none';
  return scope === 'none' ? null : scope;
}

/** Drops what must not be tried now; every drop has a reason that an operator can read. */
export function gate(candidates: readonly Candidate[], context: GateContext): Gated {
  const eligible: Candidate[] = [];
  const rejected: RejectedCandidate[] = [];
  const taken = new Set(context.open.map(scopeOf).filter((scope) => scope !== null));
  for (const candidate of candidates) {
    const refusal = refusalOf(candidate, context, taken);
    if (!refusal) {
      eligible.push(candidate);
      continue;
    }
    const [reasonCode, reason] = refusal;
    rejected.push({ type: candidate.type, target: candidate.target, reason, reasonCode });
  }
  return { eligible, rejected };
}

type Refusal = [code: string, reason: string];

function refusalOf(candidate: Candidate, context: GateContext, taken: ReadonlySet<string>): Refusal | null {
  if (!builtActionTypes[candidate.type])
    return ['unavailable', `the executor of ${candidate.type} is not built`];
  const mode =
    (context.modes.get(`mode.${candidate.type}`) as ActionMode | undefined) ??
    defaultModeOf(candidate.actionClass);
  if (mode === 'Off' || mode === 'Observe') return ['mode', `the mode of ${candidate.type} is ${mode}`];
  if (candidate.type === 'Placebo') return null;
  const scope = scopeOf(candidate);
  if (scope && taken.has(scope))
    return ['scope-locked', `another action on the ${scope} is not verified yet`];
  return settledRefusal(candidate, context);
}

const undone = [
  'RevertedHarm',
  'RevertedNoBenefit',
  'Inconclusive',
  'RevertedByOperator',
  'Unkept',
  'FailedToApply',
];

function settledRefusal(candidate: Candidate, context: GateContext): Refusal | null {
  const fingerprint = String(candidate.parameters['fingerprint'] ?? '');
  const last = context.settled.find((s) => s.type === candidate.type && s.target === candidate.target);
  if (!last || !isConcluded(last.state)) return null;
  if (last.state === 'Kept' && last.fingerprint === fingerprint) {
    return ['already-kept', 'kept before, and nothing about the target has changed since'];
  }
  if (!undone.includes(last.state)) return null;
  const history = {
    reverts: Math.max(1, last.reverts),
    revertedAtMs: last.concludedAt.getTime(),
    fingerprint: last.fingerprint ?? '',
  };
  const coolDown = coolDownOf(history, fingerprint, context.nowMs, context.scale);
  return coolDown.cooling ? [coolDown.code, coolDown.reason] : null;
}
