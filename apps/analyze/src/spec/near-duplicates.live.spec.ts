import { describe, expect, it } from '@jest/globals';
import { createRng } from '@hartonomous/numerics';
import { hashesMax } from '../code/code-shape.js';
import { nearGroups } from '../code/near-duplicates.js';

const atoms = 100_000;
const family = 20;
/** Three times what a machine without other work needs. */
const secondsMax = 10;

/** Families of twenty whose signatures differ in 5 %, and one crowd of 20,000 that share a band. */
function corpus(): Uint32Array {
  const rng = createRng(3);
  const value = (): number => Math.floor(rng() * 2 ** 32);
  const signatures = new Uint32Array(atoms * hashesMax);
  for (let i = 0; i < atoms; i++) {
    const first = i - (i % family);
    for (let k = 0; k < hashesMax; k++) {
      const own = i === first || rng() < 0.05;
      const at = i * hashesMax + k;
      signatures[at] = own ? value() : signatures[first * hashesMax + k]!;
      if (k < 8 && i < 20_000) signatures[at] = 7;
    }
  }
  return signatures;
}

describe('a hundred thousand different shapes', () => {
  it('are compared in seconds', () => {
    const classes = Array.from({ length: atoms }, (_, i) => ({
      language: 'c',
      astSignature: String(i),
      atoms: 1,
    }));
    const signatures = corpus();
    const started = performance.now();
    const groups = nearGroups(classes, signatures);
    const seconds = (performance.now() - started) / 1_000;
    console.log(`${atoms} shapes compared in ${seconds.toFixed(2)} s, ${groups.length} groups`);
    const grouped = groups.reduce((sum, g) => sum + g.length, 0);
    expect(grouped).toBeGreaterThan(0.98 * atoms);
    for (const group of groups) {
      expect(new Set(group.map((i) => Math.floor(i / family))).size).toBe(1);
    }
    expect(seconds).toBeLessThan(secondsMax);
  }, 120_000);
});
