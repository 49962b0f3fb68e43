import type { SampledRequest, TenantTransaction } from '@hartonomous/store';
import {
  baselineInputsMax,
  baselineInputsMin,
  unusualInputFinding,
  windowInputsMax,
  type AskedInput,
} from './findings/unusual-inputs.js';
import type { Observable } from './read-code.js';

/** The newest requests of all samples together. */
function newestIds(samples: readonly (readonly SampledRequest[])[], count: number): string[] {
  return samples
    .flat()
    .sort((a, b) => b.startedAt.getTime() - a.startedAt.getTime() || (a.id < b.id ? -1 : 1))
    .slice(0, count)
    .map((r) => r.id);
}

/** What the sampled requests asked, compared with what those before the window asked. */
export async function readInputs(
  tx: TenantTransaction,
  samples: readonly (readonly SampledRequest[])[],
  baselines: readonly (readonly SampledRequest[])[],
): Promise<Observable> {
  const read = async (ids: string[]): Promise<AskedInput[]> =>
    (await tx.analysis.inputs(ids)).flatMap(({ id, input }) =>
      typeof input.query === 'string' ? [{ id, query: input.query }] : [],
    );
  const before = await read(newestIds(baselines, baselineInputsMax));
  const different = new Set(before.map((a) => a.query)).size;
  if (different < baselineInputsMin) {
    const reason = `${different} different inputs before the window, ${baselineInputsMin} say what is ordinary`;
    return { findings: [], unavailable: [`unusual inputs: ${reason}`] };
  }
  const finding = unusualInputFinding(await read(newestIds(samples, windowInputsMax)), before);
  return { findings: finding ? [finding] : [], unavailable: [] };
}
