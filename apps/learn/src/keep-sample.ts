import { newId } from '@hartonomous/contracts';
import { defaultLearning } from '@hartonomous/loop';
import type { ActionRow, TenantTransaction } from '@hartonomous/store';

/** The review's scale; the success score is its reward. */
const scoreMax = 10;
const reviewer = 'learn';

/**
 * The text of a kept action, as a sample of what was worth doing and why: approved where its success is proven beyond
 * the threshold, else left for a person to review. The same text twice is one sample.
 */
export async function keepSample(
  tx: TenantTransaction,
  action: ActionRow,
  successScore: number,
): Promise<void> {
  if (action.verdict !== 'Kept' || action.type === 'Placebo') return;
  const id = newId();
  const { type, target, reason: output } = action;
  const written = await tx.training.addSamples([
    { id, prompt: `${type} of ${target}`, output, source: 'loop' },
  ]);
  if (written === 0 || successScore <= defaultLearning.trainingScoreMin) return;
  const review = { approved: true, score: scoreMax * successScore, reviewer };
  await tx.training.review({ id, version: 1 }, review);
}
