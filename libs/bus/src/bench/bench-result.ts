/** One case, as the runner reads it. */
export interface BenchResult {
  case: string;
  ours: number | null;
  unit: string;
  peer?: string | null;
  peerValue?: number | null;
  /** Bound on ours / peerValue, or on `ours` without a peer; its sign first. */
  target?: string | null;
  skipped?: string;
}
