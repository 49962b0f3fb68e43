/** One measured line: `ratio` is ours / peerValue in `unit`; `target` carries its sign. */
export interface BenchRow {
  bench: string;
  case: string;
  ours: number;
  peer: string;
  peerValue: number | null;
  unit: string;
  ratio: number | null;
  target: string | null;
  holds: boolean | null;
  skipped?: string;
  versions?: Record<string, string>;
}

/** A named benchmark of the root runner. */
export interface Bench {
  name: string;
  run(): Promise<BenchRow[]> | BenchRow[];
}

/** What one run took, and a figure that ours and the peer's answer must share. */
export interface Run {
  cpuMs: number;
  checksum: number;
}

export interface Contender {
  name: string;
  run(): Promise<Run> | Run;
  versions?: Record<string, string>;
  /** Why this peer is not there. */
  skipped?: string;
  /** Divides the peer's time when it is given only a part of the work (1 / share). */
  share?: number;
}

/** CPU time (user + system) of this process for one call that returns its checksum. */
export function timed(work: () => number): Run {
  const before = process.cpuUsage();
  const checksum = work();
  const used = process.cpuUsage(before);
  return { cpuMs: (used.user + used.system) / 1000, checksum };
}

const RUNS = 7;
const WARM_UP = 2;

/** Median CPU times of interleaved runs. @throws Error when the checksums differ by more than 1e-9 relative */
export async function compare(
  place: { bench: string; case: string; target?: number },
  ours: Contender,
  peer: Contender,
): Promise<BenchRow> {
  const own: number[] = [];
  const other: number[] = [];
  for (let i = -WARM_UP; i < RUNS; i++) {
    const mine = await ours.run();
    const theirs = peer.skipped === undefined ? await peer.run() : null;
    if (theirs !== null && !(Math.abs(mine.checksum - theirs.checksum) <= 1e-9 * Math.abs(theirs.checksum))) {
      throw new Error(
        `${place.bench}, ${place.case}: ours ${mine.checksum}, ${peer.name} ${theirs.checksum}`,
      );
    }
    if (i < 0) continue;
    own.push(mine.cpuMs * (ours.share ?? 1));
    if (theirs !== null) other.push(theirs.cpuMs * (peer.share ?? 1));
  }
  const oursMs = median(own);
  const peerMs = other.length > 0 ? median(other) : null;
  const ratio = peerMs === null ? null : oursMs / peerMs;
  const { target } = place;
  return {
    bench: place.bench,
    case: place.case,
    ours: oursMs,
    peer: peer.name,
    peerValue: peerMs,
    unit: 'ms CPU',
    ratio,
    target: target === undefined ? null : `<=${target}`,
    holds: target === undefined || ratio === null ? null : ratio <= target,
    ...(peer.skipped === undefined ? {} : { skipped: peer.skipped }),
    versions: { node: process.versions.node, v8: process.versions.v8, ...peer.versions },
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
