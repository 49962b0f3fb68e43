import type { Partial, Round, VectorInput } from '@hartonomous/compute';

/** What the merging thread is asked: to fold partials, or what follows from all of them. */
export type ConclusionTask =
  | { kind: 'fold'; type: string; version: number; partials: Partial[] }
  | {
      kind: 'finish';
      type: string;
      version: number;
      params: unknown;
      round: Round;
      merged: Partial;
      input: VectorInput | null;
    };
