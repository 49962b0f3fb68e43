import { searchRequestSchema, type Finding, type SearchRequest } from '@hartonomous/contracts';
import type { KeptAnswers, TenantTransaction } from '@hartonomous/store';
import { answersMax, budgetOf, budgetSetting, idleAnswerFindings } from './findings/idle-answers.js';

interface LoadedKey {
  inputHash?: unknown;
  input?: unknown;
}

/** The cache of answers: what is hardly used in it, and whether it holds more than it may. */
export async function readCache(
  tx: TenantTransaction,
  context: { now: Date; scale: number; corpusVersion: number; settings: ReadonlyMap<string, string> },
): Promise<Finding[]> {
  const kept = await tx.analysis.keptAnswers(context.corpusVersion, answersMax);
  if (kept.answers.length === 0) return [];
  const inputs = await inputsOf(tx, kept);
  return idleAnswerFindings(kept, {
    ...context,
    budgetBytes: budgetOf(context.settings.get(budgetSetting)),
    inputOf: (actionId, inputHash) => inputs.get(`${actionId}|${inputHash}`),
  });
}

/** Requests behind the keys, as the plans of the loading actions have them. */
async function inputsOf(tx: TenantTransaction, kept: KeptAnswers): Promise<Map<string, SearchRequest>> {
  const inputs = new Map<string, SearchRequest>();
  for (const actionId of new Set(kept.answers.map((a) => a.actionId))) {
    const action = await tx.actions.get(actionId);
    const keys = action?.parameters['keys'];
    for (const { inputHash, input } of Array.isArray(keys) ? (keys as LoadedKey[]) : []) {
      const parsed = searchRequestSchema.safeParse(input);
      if (parsed.success) inputs.set(`${actionId}|${String(inputHash)}`, parsed.data);
    }
  }
  return inputs;
}
