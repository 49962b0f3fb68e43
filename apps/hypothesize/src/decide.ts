import {
  newId,
  planHash,
  type Candidate,
  type ObservationDocument,
  type RejectedCandidate,
} from '@hartonomous/contracts';
import { isHeldOut } from '@hartonomous/loop';
import type { ActionRow, HypothesisRow, Store } from '@hartonomous/store';
import { gate, scopeOf } from './gate.js';
import { proposeAll } from './proposers/registry.js';
import type { ProposerContext } from './proposers/proposer.js';

export interface Decision {
  hypotheses: HypothesisRow[];
  rejected: RejectedCandidate[];
}

const actionsPerCycle = 3;
const openStates: ActionRow['state'][] = [
  'Proposed',
  'AwaitingApproval',
  'Scheduled',
  'Applying',
  'Verifying',
  'Reverting',
  'FailedToRevert',
];

/** Findings -> candidates -> gates -> values -> the few worth trying now, and a reason for all others. */
export async function decideCycle(
  store: Store,
  tenantId: string,
  cycleId: string,
  document: ObservationDocument,
  scale: number,
): Promise<Decision> {
  const schemaFingerprint = await store.maintenance.schemaFingerprint();
  const read = await store.withTenant(tenantId, async (tx) => ({
    now: await tx.now(),
    settled: await tx.actions.settledTargets(),
    open: await tx.actions.list({ states: openStates, limit: 100 }),
    modes: await tx.settings.all(),
  }));
  const context = contextOf(document, schemaFingerprint, tenantId);
  const proposed = proposeAll(document.findings, context);
  const gated = gate(proposed.candidates, { ...read, nowMs: read.now.getTime(), scale });
  const ranked = rank(gated.eligible);
  const { chosen, left } = choose(ranked);
  return {
    hypotheses: chosen.map((row) => ({ ...row, cycleId })),
    rejected: [...proposed.rejected, ...gated.rejected, ...left],
  };
}

function contextOf(
  document: ObservationDocument,
  schemaFingerprint: string,
  tenantId: string,
): ProposerContext {
  const requests = document.strata.reduce((sum, s) => sum + s.count, 0);
  const hours = Math.max(
    1 / 60,
    (Date.parse(document.windowTo) - Date.parse(document.windowFrom)) / 3_600_000,
  );
  const weighted = document.strata.reduce((sum, s) => sum + s.count * (s.p50Ms ?? 0), 0);
  return {
    requestsPerHour: requests / hours,
    meanSeconds: requests > 0 ? weighted / requests / 1_000 : 0,
    schemaFingerprint,
    heldOut: (inputHash) => isHeldOut(tenantId, inputHash),
  };
}

const horizonHours = 168;

function rank(candidates: Candidate[]): Omit<HypothesisRow, 'cycleId'>[] {
  return candidates
    .map((candidate) => {
      const { requestsPerHour, meanSeconds } = candidate.exposure;
      const saved = (1 - Math.exp(candidate.expected.size)) * requestsPerHour * meanSeconds * horizonHours;
      return {
        id: newId(),
        candidate,
        planHash: planHash(candidate),
        value: saved - candidate.costSeconds,
        selectionProbability: 1,
        chosen: true,
      };
    })
    .sort((a, b) => b.value - a.value);
}

function choose(ranked: Omit<HypothesisRow, 'cycleId'>[]): {
  chosen: Omit<HypothesisRow, 'cycleId'>[];
  left: RejectedCandidate[];
} {
  const chosen: Omit<HypothesisRow, 'cycleId'>[] = [];
  const left: RejectedCandidate[] = [];
  const scopes = new Set<string>();
  for (const row of ranked) {
    const { type, target } = row.candidate;
    const scope = scopeOf(row.candidate);
    const refusal =
      row.value <= 0
        ? (['value-not-positive', 'its expected saving does not pay for trying it'] as const)
        : scope && scopes.has(scope)
          ? (['scope-locked', `a better candidate on ${scope} is tried first`] as const)
          : chosen.length >= actionsPerCycle
            ? (['not-selected', `${actionsPerCycle} better candidates are tried first`] as const)
            : null;
    if (refusal) {
      left.push({ type, target, reasonCode: refusal[0], reason: refusal[1] });
      continue;
    }
    if (scope) scopes.add(scope);
    chosen.push(row);
  }
  return { chosen, left };
}
