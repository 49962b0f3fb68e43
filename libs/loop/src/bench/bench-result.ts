/** One case, as the runner reads it. */
export interface BenchResult {
  case: string;
  ours: number | null;
  unit: string;
  peer?: string;
  peerValue?: number;
  /** Bound on ours / peerValue, or on `ours` without a peer; its sign first. */
  target?: string;
  skipped?: string;
}
