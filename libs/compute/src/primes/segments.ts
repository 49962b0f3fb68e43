/** One sieved segment: byte i of `bytes` stands for 30 (base + i) + the wheel; bits outside the range are clear. */
export interface Segment {
  bytes: Uint8Array;
  base: number;
  /** Set bits, so primes of the range in this segment (2, 3 and 5 are in no segment). */
  count: number;
}

export interface SieveControl {
  /** Asked once a segment; true ends the work with ChunkStopped. */
  stopped?(): boolean;
  /** Share of the range that is done, 0..1; once a segment. */
  progress?(share: number): void;
}

/** Visits the primes > 5 of [lo, hi] in order; the bytes are valid during the call only. */
export type VisitSegments = (
  lo: number,
  hi: number,
  visit: (segment: Segment) => void,
  control?: SieveControl,
) => void;
