import { builtActionTypes, type ActionMode, type HypothesisType } from '@hartonomous/contracts';
import { autonomyOf, type Autonomy } from '@hartonomous/loop';
import type { TenantTransaction } from '@hartonomous/store';

const runsMax = 200;

/** The mode a type acts in for this tenant: what an operator set, and what its own record has earned or lost. */
export async function modeOfType(tx: TenantTransaction, type: HypothesisType): Promise<Autonomy> {
  const info = builtActionTypes[type];
  if (!info) return { mode: 'Off', reason: `the executor of ${type} is not built`, progress: null };
  const configured = (await tx.settings.get(`mode.${type}`)) as ActionMode | null;
  const actions = await tx.actions.list({ type, limit: runsMax });
  const runs = actions
    .filter((a) => a.verdict !== null && a.concludedAt !== null)
    .sort((a, b) => a.concludedAt!.getTime() - b.concludedAt!.getTime())
    .map((a) => ({
      verdict: a.verdict!,
      supervised: a.approvedBy.length > 0,
      earnsTrust: a.design !== 'before-after',
    }));
  return autonomyOf(info.actionClass, configured, runs);
}
