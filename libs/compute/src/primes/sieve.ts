import { basePrimes } from './base-primes.js';
import { PRE_SIEVED_MAX, preSievePatterns, restoreSmall } from './pre-sieve.js';
import { ChunkStopped } from '../stop.js';
import type { Segment, SieveControl } from './segments.js';
import { Areas, instantiateSieve, type SieveExports } from './sieve-wasm.js';
import { WHEEL, integerRoot, maskFrom, maskTo, wheelIndex } from './wheel.js';

/** Bound once: a look-up of the global costs in hosts that intercept it, as test runners do. */
const { floor, max } = Math;

/** Bytes of a pattern laid at once. */
const RUN = 4096;
/** Bytes crossed off for the smallest primes before the next piece: fits the first-level cache. */
const BLOCK = 32 * 1024;
/** Primes below this cross off block by block, the others segment by segment. */
const BLOCK_PRIME_MAX = 4096;
/** A quarter of a usual second-level cache; twice that where the primes need the room. */
const SEGMENT_SMALL = 256 * 1024;
const SEGMENT_LARGE = 512 * 1024;

/** Primes of one residue class, ascending; positions stand beside them in the memory. */
interface PrimeClass {
  primes: number[];
  primesAt: number;
  positionsAt: number;
  blockCount: number;
  active: number;
}

/**
 * Segmented wheel-30 sieve over compiled kernels: eighteen pre-sieved patterns ANDed in, primes grouped by residue
 * class so that offsets and masks are constants, two cache tiers, population count by SIMD. Not re-entrant.
 */
export class WheelSieve {
  private readonly run: SieveExports;
  private readonly patterns: { at: number; period: number }[];
  private readonly startsAt: number;
  private readonly stepsAt: number;
  private readonly fixed: number;
  private limit = 0;
  private segmentBytes = 0;
  private segmentAt = 0;
  private classes: PrimeClass[] = [];
  private large = { primes: new Uint32Array(0), primesAt: 0, positionsAt: 0, statesAt: 0, active: 0 };

  constructor() {
    const run = instantiateSieve();
    if (!run) throw new Error('WebAssembly SIMD cannot run here');
    this.run = run;
    const areas = new Areas(run);
    this.patterns = preSievePatterns(RUN + 16).map(({ period, bytes }) => {
      const at = areas.reserve(bytes.length);
      new Uint8Array(run.memory.buffer).set(bytes, at);
      return { at, period };
    });
    this.startsAt = areas.reserve(4 * this.patterns.length);
    this.stepsAt = areas.reserve(4 * 64);
    new Uint32Array(run.memory.buffer, this.stepsAt, 64).set(largeSteps());
    this.fixed = areas.reserve(0);
  }

  /** Visits the segments of [lo, hi], 7 <= lo <= hi <= 2^53 - 1. */
  visit(lo: number, hi: number, visit: (segment: Segment) => void, control: SieveControl = {}): void {
    this.prepare(integerRoot(hi));
    for (const group of this.classes) group.active = 0;
    this.large.active = 0;
    const first = floor(lo / 30);
    const end = floor(hi / 30) + 1;
    const small = basePrimes(max(PRE_SIEVED_MAX, integerRoot(hi)));
    for (let base = first; base < end; base += this.segmentBytes) {
      if (control.stopped?.()) throw new ChunkStopped('the range was given up');
      const length = Math.min(this.segmentBytes, end - base);
      this.sieveSegment(base, Math.min(this.segmentBytes, Math.ceil(length / RUN) * RUN), small);
      const bytes = new Uint8Array(this.run.memory.buffer, this.segmentAt, length);
      if (base === first) bytes[0] &= maskFrom(lo % 30);
      if (base + length === end) {
        bytes[length - 1] &= maskTo(hi % 30);
        new Uint8Array(this.run.memory.buffer, this.segmentAt + length, 16).fill(0);
      }
      visit({ bytes, base, count: this.run.countBits(this.segmentAt, length) });
      control.progress?.((base + length - first) / (end - first));
    }
  }

  /** Lays out the memory for primes up to `root`; kept when it already fits. */
  private prepare(root: number): void {
    if (root <= this.limit) return;
    this.limit = Math.min(94_906_266, max(root, 32_768));
    this.segmentBytes = this.limit > 200_000 ? SEGMENT_LARGE : SEGMENT_SMALL;
    const room = this.segmentBytes;
    const all = basePrimes(this.limit).filter((p) => p > PRE_SIEVED_MAX);
    const split = all.findIndex((p) => p > room);
    const near = split < 0 ? all : all.subarray(0, split);
    const far = split < 0 ? new Uint32Array(0) : all.slice(split);
    const areas = new Areas(this.run);
    areas.reserve(this.fixed - areas.reserve(0));
    this.segmentAt = areas.reserve(2 * room + this.segmentBytes + 64) + room;
    this.classes = WHEEL.map((residue) => {
      const primes = Array.from(near.filter((p) => p % 30 === residue));
      const primesAt = areas.reserve(4 * primes.length);
      const positionsAt = areas.reserve(4 * primes.length);
      new Uint32Array(this.run.memory.buffer, primesAt, primes.length).set(primes);
      const blockCount = primes.filter((p) => p < BLOCK_PRIME_MAX).length;
      return { primes, primesAt, positionsAt, blockCount, active: 0 };
    });
    const primesAt = areas.reserve(4 * far.length);
    const positionsAt = areas.reserve(4 * far.length);
    const statesAt = areas.reserve(far.length);
    new Uint32Array(this.run.memory.buffer, primesAt, far.length).set(far);
    this.large = { primes: far, primesAt, positionsAt, statesAt, active: 0 };
  }

  /** Sieves `bytes` (a multiple of RUN; less than a segment only for the last one of a range). */
  private sieveSegment(base: number, bytes: number, small: Uint32Array): void {
    const { run, segmentAt } = this;
    this.layPatterns(base, bytes);
    if (base <= PRE_SIEVED_MAX / 30) {
      const head = new Uint8Array(run.memory.buffer, segmentAt, bytes);
      restoreSmall(head, base, PRE_SIEVED_MAX, small);
    }
    this.activate(base);
    for (let block = 0; block < bytes; block += BLOCK) {
      const blockEnd = Math.min(block + BLOCK, bytes);
      this.classes.forEach((group, kind) => {
        const count = Math.min(group.active, group.blockCount);
        run.cross(kind, segmentAt, group.primesAt, group.positionsAt, count, blockEnd);
      });
    }
    this.classes.forEach((group, kind) => {
      const skip = 4 * group.blockCount;
      const count = group.active - group.blockCount;
      if (count > 0) {
        run.cross(kind, segmentAt, group.primesAt + skip, group.positionsAt + skip, count, bytes);
      }
      run.rewind(group.primesAt, group.positionsAt, group.active, bytes);
    });
    const { primesAt, positionsAt, statesAt, active } = this.large;
    run.crossLarge(segmentAt, primesAt, positionsAt, statesAt, active, bytes, this.stepsAt);
  }

  private layPatterns(base: number, bytes: number): void {
    const { run, patterns, startsAt, segmentAt } = this;
    const starts = new Uint32Array(run.memory.buffer, startsAt, patterns.length);
    for (let done = 0; done < bytes; done += RUN) {
      patterns.forEach(({ at, period }, i) => {
        starts[i] = at + ((base + done) % period);
      });
      run.layPatterns(segmentAt + done, RUN, startsAt, 0);
      run.layPatterns(segmentAt + done, RUN, startsAt + 36, 1);
    }
  }

  /** Primes whose square lies in this segment, or before it at the first one, begin to cross off. */
  private activate(base: number): void {
    const top = (base + this.segmentBytes) * 30;
    for (const group of this.classes) {
      const positions = new Int32Array(this.run.memory.buffer, group.positionsAt, group.primes.length);
      for (; group.active < group.primes.length; group.active++) {
        const p = group.primes[group.active];
        if (p * p >= top) break;
        const block = max(floor(p / 30), floor(base / p));
        positions[group.active] = p * block - base;
      }
    }
    const { large } = this;
    const positions = new Int32Array(this.run.memory.buffer, large.positionsAt, large.primes.length);
    const states = new Uint8Array(this.run.memory.buffer, large.statesAt, large.primes.length);
    for (; large.active < large.primes.length; large.active++) {
      const p = large.primes[large.active];
      if (p * p >= top) break;
      const start = firstLarge(p, base);
      positions[large.active] = start.byte - base;
      states[large.active] = start.state;
    }
  }
}

/** First multiple of p, at least p^2 and not before byte `base`, that the wheel holds: its byte and state. */
function firstLarge(p: number, base: number): { byte: number; state: number } {
  let factor = max(p, floor((base * 30) / p));
  const kind = wheelIndex[p % 30];
  for (;;) {
    const w = factor % 30;
    const place = wheelIndex[w];
    const byte = p * floor(factor / 30) + floor(p / 30) * w + floor(((p % 30) * w) / 30);
    if (place >= 0 && byte >= base) return { byte, state: kind * 8 + place };
    factor++;
  }
}

/** (wheel step, carry, mask, next state) of a multiple, packed lowest byte first, by class * 8 + wheel place. */
function largeSteps(): Uint32Array {
  const steps = new Uint32Array(64);
  WHEEL.forEach((q, kind) => {
    WHEEL.forEach((w, place) => {
      const next = place === 7 ? 31 : WHEEL[place + 1];
      const carry = floor((q * next) / 30) - floor((q * w) / 30);
      const mask = 0xff ^ (1 << wheelIndex[(q * w) % 30]);
      const state = kind * 8 + ((place + 1) % 8);
      steps[kind * 8 + place] = ((next - w) | (carry << 8) | (mask << 16) | (state << 24)) >>> 0;
    });
  });
  return steps;
}
