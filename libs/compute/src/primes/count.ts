import { visitByTwin } from './sieve-twin.js';
import { sieveSimdAvailable } from './sieve-wasm.js';
import { WheelSieve } from './sieve.js';
import type { SieveControl, VisitSegments } from './segments.js';
import { WHEEL, wheelPrimes } from './wheel.js';

/** Bound once: a look-up of the global costs in hosts that intercept it, as test runners do. */
const { floor, clz32 } = Math;

/** `auto` = the compiled kernels where they run. */
export type SieveEngine = 'auto' | 'wasm' | 'twin';

let sieve: WheelSieve | undefined;

function visitorOf(engine: SieveEngine): VisitSegments {
  if (engine === 'twin' || (engine === 'auto' && !sieveSimdAvailable())) return visitByTwin;
  sieve ??= new WheelSieve();
  const kernels = sieve;
  return (lo, hi, visit, control) => kernels.visit(lo, hi, visit, control);
}

/** Number of primes in [lo, hi], 0 <= lo, hi <= 2^53 - 1. */
export function countPrimes(
  lo: number,
  hi: number,
  control: SieveControl = {},
  engine: SieveEngine = 'auto',
): number {
  let count = wheelPrimes(lo, hi).length;
  if (hi < 7 || hi < lo) return count;
  visitorOf(engine)(
    Math.max(7, lo),
    hi,
    (segment) => {
      count += segment.count;
    },
    control,
  );
  return count;
}

/** Primes of a range: the first, then gaps as LEB128, one byte below 128; `first` is null when there is none. */
export interface PrimeGaps {
  first: number | null;
  last: number | null;
  count: number;
  gaps: Uint8Array;
}

class GapWriter {
  private bytes = new Uint8Array(1 << 16);
  private length = 0;
  private first: number | null = null;
  private last: number | null = null;
  private count = 0;

  add(prime: number): void {
    this.count++;
    if (this.last === null) this.first = prime;
    else this.write(prime - this.last);
    this.last = prime;
  }

  private write(gap: number): void {
    if (this.length + 8 > this.bytes.length) {
      const grown = new Uint8Array(2 * this.bytes.length);
      grown.set(this.bytes);
      this.bytes = grown;
    }
    for (; gap > 127; gap = floor(gap / 128)) this.bytes[this.length++] = (gap % 128) | 128;
    this.bytes[this.length++] = gap;
  }

  finish(): PrimeGaps {
    return {
      first: this.first,
      last: this.last,
      count: this.count,
      gaps: this.bytes.slice(0, this.length),
    };
  }
}

/** The primes of [lo, hi] in order, as gaps. */
export function listPrimes(
  lo: number,
  hi: number,
  control: SieveControl = {},
  engine: SieveEngine = 'auto',
): PrimeGaps {
  const writer = new GapWriter();
  for (const p of wheelPrimes(lo, hi)) writer.add(p);
  if (hi < 7 || hi < lo) return writer.finish();
  visitorOf(engine)(
    Math.max(7, lo),
    hi,
    ({ bytes, base }) => {
      for (let i = 0; i < bytes.length; i++) {
        for (let rest = bytes[i]; rest !== 0; rest &= rest - 1) {
          writer.add(30 * (base + i) + WHEEL[31 - clz32(rest & -rest)]);
        }
      }
    },
    control,
  );
  return writer.finish();
}

/** The numbers that {@link listPrimes} packed. */
export function unpackGaps(packed: Pick<PrimeGaps, 'first' | 'gaps'>): number[] {
  if (packed.first === null) return [];
  const primes = [packed.first];
  let last = packed.first;
  let gap = 0;
  let scale = 1;
  for (const byte of packed.gaps) {
    gap += (byte & 127) * scale;
    if (byte > 127) {
      scale *= 128;
      continue;
    }
    last += gap;
    primes.push(last);
    gap = 0;
    scale = 1;
  }
  return primes;
}
