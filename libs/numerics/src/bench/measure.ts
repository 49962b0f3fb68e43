import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';

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

/** CPU time (user + system) of one call, in milliseconds. */
export function cpuMs(run: () => unknown): number {
  const before = process.cpuUsage();
  run();
  const used = process.cpuUsage(before);
  return (used.user + used.system) / 1000;
}

/** Installed version of an npm package. */
export function npmVersion(name: string): string {
  const path = findPackageJSON(name, import.meta.url);
  return path ? (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version : 'unknown';
}

export function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** A competitor: `run` gives the CPU milliseconds of one run; `runs` is how often it can be afforded (default 7). */
export interface Peer {
  name: string;
  run(): number | Promise<number>;
  runs?: number;
  versions?: Record<string, string>;
  skipped?: string;
  stop?(): void;
}

/** What is compared. */
export interface Comparison {
  bench: string;
  case: string;
  ours: () => unknown;
  peer: Peer;
  /** Upper limit of ours / peer. */
  target?: number;
}

const RUNS = 7;
/** Unmeasured runs of ours: this many, or as many as fit the time. */
const WARM_UP_RUNS = 6;
const WARM_UP_MS = 600;

/** Interleaved runs of ours and the peer after warming up; medians of CPU time. */
export async function compare(comparison: Comparison): Promise<BenchRow> {
  const { peer, target } = comparison;
  for (let i = 0, spent = 0; i < WARM_UP_RUNS && spent < WARM_UP_MS; i++) spent += cpuMs(comparison.ours);
  const ours: number[] = [];
  const theirs: number[] = [];
  const peerRuns = peer.skipped ? 0 : Math.min(RUNS, peer.runs ?? RUNS);
  for (let i = 0; i < RUNS; i++) {
    ours.push(cpuMs(comparison.ours));
    if (i < peerRuns) theirs.push(await peer.run());
  }
  peer.stop?.();
  const peerValue = theirs.length > 0 ? middle(theirs) : null;
  const ratio = peerValue === null ? null : middle(ours) / peerValue;
  return {
    bench: comparison.bench,
    case: peerRuns > 0 && peerRuns < RUNS ? `${comparison.case} (peer: ${peerRuns} runs)` : comparison.case,
    ours: middle(ours),
    peer: peer.name,
    peerValue,
    unit: 'ms CPU',
    ratio,
    target: target === undefined ? null : `<=${target}`,
    holds: target === undefined || ratio === null ? null : ratio <= target,
    ...(peer.skipped ? { skipped: peer.skipped } : {}),
    versions: { node: process.versions.node, v8: process.versions.v8, ...peer.versions },
  };
}
