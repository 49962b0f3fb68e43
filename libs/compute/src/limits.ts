/** Bounds of every computation. */
export const computeLimits = {
  chunksMax: 10_000,
  resultsMax: 10_000_000,
  /** Target duration of a chunk. */
  targetMsMin: 2000,
  targetMsMax: 10_000,
  targetMs: 4000,
  classicSize: 10_000,
  chunksPerWorkerMin: 2,
  attemptsMax: 3,
  /** Leases of one chunk whose workers died, before it is taken for the cause. */
  leasesMax: 20,
  /** Share of chunks that are computed again elsewhere; at least one. */
  verifyShare: 0.015,
  submissionBytesMax: 64 * 1024,
  paramsBytesMax: 16 * 1024,
  /** Longest a chunk may run, as a multiple of its target, before its worker is ended. */
  deadlineMs: 120_000,
  pointsMax: 200_000,
} as const;
