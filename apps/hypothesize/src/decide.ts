import type { ObservationDocument } from '@hartonomous/contracts';
import { isHeldOut, isPlaceboCycle, rngOfText } from '@hartonomous/loop';
import type { ActionRow, Store } from '@hartonomous/store';
import { choose, type Selection } from './choose.js';
import { placeboCandidate } from './proposers/placebo.js';
import { proposeAll } from './proposers/registry.js';
import type { ProposerContext } from './proposers/proposer.js';

const openStates: ActionRow['state'][] = [
  'Proposed',
  'AwaitingApproval',
  'Scheduled',
  'Applying',
  'Verifying',
  'Reverting',
  'FailedToRevert',
];

/** Findings -> candidates -> refusals and values -> the few worth trying now, and a reason for all others. */
export async function decideCycle(
  store: Store,
  tenantId: string,
  cycleId: string,
  document: ObservationDocument,
  scale: number,
): Promise<Selection> {
  const schemaFingerprint = await store.maintenance.schemaFingerprint();
  const read = await store.withTenant(tenantId, async (tx) => ({
    now: await tx.now(),
    settled: await tx.actions.settledTargets(),
    open: await tx.actions.list({ states: openStates, limit: 100 }),
    modes: await tx.settings.all(),
    cycle: await tx.cycles.get(cycleId),
    beliefs: await tx.beliefs.all(),
  }));
  const context = contextOf(document, schemaFingerprint, tenantId);
  const proposed = proposeAll(document.findings, context);
  const placebo = isPlaceboCycle(rngOfText(`${cycleId}|placebo`)) ? [placeboCandidate(context)] : [];
  const chosen = choose([...placebo, ...proposed.candidates], cycleId, {
    ...read,
    tenantId,
    cycleNumber: read.cycle?.number ?? 0,
    nowMs: read.now.getTime(),
    scale,
  });
  return { ...chosen, rejected: [...proposed.rejected, ...chosen.rejected] };
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
    windowTo: document.windowTo,
    heldOut: (inputHash) => isHeldOut(tenantId, inputHash),
  };
}
