import type { ActionClass, ActionMode, Verdict } from '@hartonomous/contracts';

/** Auto for what is reversible, verified and undone by itself; Approve for resources, data, code and deletion. */
export const defaultModeOf = (actionClass: ActionClass): ActionMode =>
  actionClass === 'A' || actionClass === 'B' ? 'Auto' : 'Approve';

export interface AutonomySettings {
  /** Harmless supervised runs in a row after which class C acts by itself: 0 harms in 59 bounds harm by 5 %. */
  readonly earnAfter: number;
  /** Clean supervised runs that win Auto back after it was lost: 0 in 29 bounds harm by 10 %. */
  readonly regainAfter: number;
  readonly harmRevertsMax: number;
  readonly harmWindow: number;
}

export const defaultAutonomy: AutonomySettings = {
  earnAfter: 59,
  regainAfter: 29,
  harmRevertsMax: 2,
  harmWindow: 10,
};

/** One concluded run of a type in a tenant, oldest first in any list. */
export interface AutonomyRun {
  readonly verdict: Verdict;
  /** A person approved it before it ran. */
  readonly supervised: boolean;
  /** False for observational verdicts: they neither earn nor regain. */
  readonly earnsTrust: boolean;
}

export interface Autonomy {
  readonly mode: ActionMode;
  readonly reason: string;
  /** Harmless supervised runs counted so far toward Auto, and how many are needed; null when Auto is not to be earned. */
  readonly progress: { readonly runs: number; readonly needed: number } | null;
}

interface Trust {
  readonly trusted: boolean;
  /** Trust was lost, so it is regained rather than earned. */
  readonly lost: boolean;
  readonly clean: number;
  readonly recentHarms: readonly boolean[];
  readonly why: string;
}

/** A harm that stands: the change could not be taken back. */
const isStandingHarm = (run: AutonomyRun): boolean => run.verdict === 'FailedToRevert';
const isHarm = (run: AutonomyRun): boolean => run.verdict === 'RevertedHarm' || isStandingHarm(run);
/** Runs that never touched anything say nothing. */
const isEmpty = (run: AutonomyRun): boolean => run.verdict === 'Gated' || run.verdict === 'FailedToApply';

/**
 * The mode a type acts in. An operator's setting below Auto always stands; Auto is used only while it is earned, and
 * class D never earns it.
 */
export function autonomyOf(
  actionClass: ActionClass,
  configured: ActionMode | null,
  runs: readonly AutonomyRun[],
  settings: AutonomySettings = defaultAutonomy,
): Autonomy {
  if (configured !== null && configured !== 'Auto') {
    return { mode: configured, reason: 'set by an operator', progress: null };
  }
  if (actionClass === 'D') {
    return { mode: 'Approve', reason: 'class D is never automatic', progress: null };
  }
  const startsTrusted = actionClass !== 'C';
  const fresh = {
    trusted: startsTrusted,
    lost: false,
    clean: 0,
    recentHarms: [],
    why: 'reversible and verified',
  };
  const trust = runs.reduce((state: Trust, run) => next(state, run, settings), fresh);
  if (trust.trusted) return { mode: 'Auto', reason: trust.why, progress: null };
  const needed = trust.lost ? settings.regainAfter : settings.earnAfter;
  const why = trust.lost ? trust.why : 'class C is approved until it has earned Auto';
  const reason = `${why}: ${trust.clean} of ${needed} harmless supervised runs`;
  return { mode: 'Approve', reason, progress: { runs: trust.clean, needed } };
}

function next(state: Trust, run: AutonomyRun, settings: AutonomySettings): Trust {
  if (isEmpty(run)) return state;
  const harm = isHarm(run);
  const recentHarms = [...state.recentHarms, harm].slice(-settings.harmWindow);
  const harms = recentHarms.filter(Boolean).length;
  if (isStandingHarm(run)) {
    return { trusted: false, lost: true, clean: 0, recentHarms, why: 'a harm could not be undone' };
  }
  if (harm && harms >= settings.harmRevertsMax) {
    const why = `${harms} harm reverts in the last ${recentHarms.length} runs`;
    return { trusted: false, lost: true, clean: 0, recentHarms, why };
  }
  if (state.trusted) return { ...state, recentHarms };
  if (harm) return { ...state, clean: 0, recentHarms };
  if (!run.supervised || !run.earnsTrust) return { ...state, recentHarms };
  const clean = state.clean + 1;
  if (clean < (state.lost ? settings.regainAfter : settings.earnAfter))
    return { ...state, clean, recentHarms };
  // Trust that was won by so many clean runs starts with a clean window.
  return {
    trusted: true,
    lost: false,
    clean: 0,
    recentHarms: [],
    why: `earned by ${clean} harmless supervised runs`,
  };
}
