// AssemblyScript, the loop for primes p = 30r + Q: build.mjs compiles it once for each Q of the wheel. The multiples
// p(30k + w) lie at byte pk + rw + floor(Qw/30), with the bit of Qw mod 30, so all of that is constant here.
const Q: usize = 1;

const C7: usize = (Q * 7) / 30;
const C11: usize = (Q * 11) / 30;
const C13: usize = (Q * 13) / 30;
const C17: usize = (Q * 17) / 30;
const C19: usize = (Q * 19) / 30;
const C23: usize = (Q * 23) / 30;
const C29: usize = (Q * 29) / 30;

const M1: u32 = 0xff ^ (1 << (((((Q * 1) % 30) * 8) / 30) as u32));
const M7: u32 = 0xff ^ (1 << (((((Q * 7) % 30) * 8) / 30) as u32));
const M11: u32 = 0xff ^ (1 << (((((Q * 11) % 30) * 8) / 30) as u32));
const M13: u32 = 0xff ^ (1 << (((((Q * 13) % 30) * 8) / 30) as u32));
const M17: u32 = 0xff ^ (1 << (((((Q * 17) % 30) * 8) / 30) as u32));
const M19: u32 = 0xff ^ (1 << (((((Q * 19) % 30) * 8) / 30) as u32));
const M23: u32 = 0xff ^ (1 << (((((Q * 23) % 30) * 8) / 30) as u32));
const M29: u32 = 0xff ^ (1 << (((((Q * 29) % 30) * 8) / 30) as u32));

function clear(at: usize, mask: u32): void {
  store<u8>(at, load<u8>(at) & mask);
}

/**
 * Crosses off, for `count` primes, every block of eight multiples that begins before `end`; positions are relative to
 * `segment` and move on. A block may reach p bytes beyond either end: the caller leaves that room.
 */
export function crossClass(segment: usize, primes: usize, positions: usize, count: i32, end: i32): void {
  const stop = segment + <usize>end;
  const last = primes + ((<usize>count) << 2);
  for (; primes < last; primes += 4, positions += 4) {
    const prime = <usize>load<u32>(primes);
    let at = segment + <usize>load<i32>(positions);
    // Signed: a position before the segment is negative.
    if (<isize>at >= <isize>stop) continue;
    const r = prime / 30;
    const r7 = r * 7 + C7;
    const r11 = r * 11 + C11;
    const r13 = r * 13 + C13;
    const r17 = r * 17 + C17;
    const r19 = r * 19 + C19;
    const r23 = r * 23 + C23;
    const r29 = r * 29 + C29;
    do {
      clear(at + r, M1);
      clear(at + r7, M7);
      clear(at + r11, M11);
      clear(at + r13, M13);
      clear(at + r17, M17);
      clear(at + r19, M19);
      clear(at + r23, M23);
      clear(at + r29, M29);
      at += prime;
    } while (<isize>at < <isize>stop);
    store<i32>(positions, (at - segment) as i32);
  }
}
