import type { Finding } from '@hartonomous/contracts';
import type { WantingAtoms } from '@hartonomous/store';
import { percentOf } from './wording.js';

/** A weight is weak below this share of its tensor's root mean square, or so many deviations below its mean importance. */
export const weakLimits = { normShare: 0.01, deviations: 3 } as const;
/** Unscaled days without use. */
export const unusedDays = 30;

/** Models with weights that hardly count; what is known of their use is said. */
export const weakWeightFindings = (found: readonly WantingAtoms[]): Finding[] =>
  found.map(({ modelId, modelSince, count, timed, compared, atomIds }) => {
    const use =
      timed === count
        ? `not used for ${unusedDays} days`
        : `not known when they were used last; the model is here since ${modelSince.toISOString()}`;
    return {
      kind: 'weak-weights',
      summary:
        `${count} of ${compared} weights of a model (${percentOf(count / Math.max(1, compared))}) hardly count: ` +
        `a norm below 1 % of their tensor's, or an importance far below its mean; ${use}`,
      severity: Math.min(0.2, count / Math.max(1, compared)),
      rowIds: atomIds,
      rowCount: count,
      facts: {
        scope: `model:${modelId}`,
        modelId,
        compared,
        ...weakLimits,
        unusedDays,
        lastUseRecorded: timed,
        use,
        norms: 'of the base rows; coefficients that a version trained are not looked at',
      },
    };
  });
