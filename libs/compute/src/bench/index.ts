import { spawnSync } from 'node:child_process';
import { countPrimes } from '../primes/count.js';
import { primePi } from '../primes/legendre.js';

/** One case of `npm run bench -- compute`. */
interface Result {
  case: string;
  ours: number | null;
  unit: string;
  peer?: string | null;
  peerValue?: number | null;
  target?: string | null;
  skipped?: string;
}

const REPEATS = 5;

/** Smallest CPU time of several runs, milliseconds: the machine's other work only adds. */
function cpuMs(work: () => void): number {
  let best = Infinity;
  for (let i = 0; i < REPEATS; i++) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1000);
  }
  return best;
}

/** CPU time of a child process by the shell's `times`, milliseconds; null when primesieve is not installed. */
function primesieveMs(...args: string[]): number | null {
  let best: number | null = null;
  for (let i = 0; i < REPEATS; i++) {
    const child = spawnSync('/bin/sh', ['-c', `primesieve -t1 -q ${args.join(' ')} >/dev/null && times`], {
      encoding: 'utf8',
    });
    if (child.status !== 0) return null;
    // Last line: user and system time of the shell's children, as 0m0.09s.
    const last = child.stdout.trim().split('\n').at(-1) ?? '';
    const ms = [...last.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
      (sum, [, minutes, seconds]) => sum + 60_000 * Number(minutes) + 1000 * Number(seconds),
      0,
    );
    best = Math.min(best ?? Infinity, ms);
  }
  return best;
}

function compare(name: string, ours: number, peerValue: number | null, target: string): Result {
  const row = { case: name, ours, unit: 'ms CPU', target };
  if (peerValue === null) return { ...row, target: null, skipped: 'primesieve is not installed' };
  return { ...row, peer: 'primesieve -t1', peerValue };
}

function exact(count: number, expected: number): void {
  if (count !== expected) throw new Error(`counted ${count}, not ${expected}`);
}

export async function runBench({ log }: { log(line: string): void }): Promise<Result[]> {
  log('sieve of [1, 1e9] ...');
  const peer9 = primesieveMs('1e9');
  const sieve9 = cpuMs(() => exact(countPrimes(1, 1e9), 50_847_534));
  const twin9 = cpuMs(() => exact(countPrimes(1, 1e9, {}, 'twin'), 50_847_534));
  log('count only ...');
  const count9 = cpuMs(() => exact(primePi(1e9), 50_847_534));
  const peer10 = primesieveMs('1e10');
  const sieve10 = cpuMs(() => exact(countPrimes(1, 1e10), 455_052_511));
  const count11 = cpuMs(() => exact(primePi(1e11), 4_118_054_813));
  const high = ['1e13', '-d', '1e9'];
  const peerHigh = primesieveMs(...high);
  const sieveHigh = cpuMs(() => exact(countPrimes(1e13, 1e13 + 1e9), 33_405_006));
  return [
    compare('sieve [1, 1e9]', sieve9, peer9, '<=2.5'),
    compare('sieve [1, 1e9], TypeScript twin', twin9, peer9, '<=12'),
    compare('sieve [1, 1e10]', sieve10, peer10, '<=2.5'),
    compare('sieve [1e13, 1e13 + 1e9]', sieveHigh, peerHigh, '<=4'),
    compare('count only, 1e9', count9, peer9, '<=0.1'),
    { case: 'count only, 1e11', ours: count11, unit: 'ms CPU' },
  ];
}
