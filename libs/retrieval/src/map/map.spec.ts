import { describe, expect, it } from '@jest/globals';
import { embed, termsOf } from '@hartonomous/corpus';
import { createRng, drawNormal, normaliseRows } from '@hartonomous/numerics';
import { importanceOf } from './importance.js';
import { LANDMARKS, MapPlacer, decodeLandmarks, encodeLandmarks, fitLandmarks } from './landmark-set.js';
import { mapQuality } from './map-quality.js';

const DIMENSIONS = 16;

function cloud(n: number, seed: number): Float32Array {
  const rng = createRng(seed);
  return normaliseRows(
    Float32Array.from({ length: n * DIMENSIONS }, () => drawNormal(rng)),
    DIMENSIONS,
  );
}

const row = (vectors: Float32Array, i: number): Float32Array =>
  vectors.subarray(i * DIMENSIONS, (i + 1) * DIMENSIONS);

describe('landmark sets', () => {
  const vectors = cloud(900, 3);
  const fitted = fitLandmarks(vectors, DIMENSIONS, 7);

  it('are the same for the same vectors and seed, and survive storage bit for bit', () => {
    const bytes = encodeLandmarks(fitted);
    expect(encodeLandmarks(fitLandmarks(vectors, DIMENSIONS, 7)).equals(bytes)).toBe(true);
    expect(encodeLandmarks(decodeLandmarks(bytes)).equals(bytes)).toBe(true);
    const [before, after] = [new MapPlacer(fitted), new MapPlacer(decodeLandmarks(bytes))];
    expect(after.place(row(vectors, 5))).toEqual(before.place(row(vectors, 5)));
  });

  it('refuse damaged bytes', () => {
    const bytes = encodeLandmarks(fitted);
    const wrong = [
      bytes.subarray(0, 10),
      bytes.subarray(0, -1),
      Buffer.concat([bytes, Buffer.alloc(1)]),
      Buffer.alloc(bytes.length),
    ];
    for (const damaged of wrong) {
      expect(() => decodeLandmarks(damaged)).toThrow(expect.objectContaining({ code: 'STORE_CORRUPT' }));
    }
  });

  it('fill [5, 95] along the wider axis with 99 % of the landmarks, at one scale, signed', () => {
    expect(fitted.mds.landmarks).toBe(LANDMARKS);
    const { mds, affine } = fitted;
    const axis = (a: number): number[] =>
      Array.from({ length: LANDMARKS }, (_, i) => mds.coordinates[i * mds.dims + a]);
    const onMap = axis(0).map((value) => affine.offsetX + affine.scale * value);
    const inside = onMap.filter((x) => x >= 5 && x <= 95).length;
    expect(inside).toBeGreaterThanOrEqual(LANDMARKS - 4);
    expect(inside).toBeLessThan(LANDMARKS);
    for (const a of [0, 1]) {
      const largest = axis(a).reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
      expect(largest).toBeGreaterThan(0);
    }
  });

  it('work with one vector, and with all vectors equal', () => {
    for (const n of [1, 40]) {
      const same = new Float32Array(n * DIMENSIONS);
      for (let i = 0; i < n; i++) same[i * DIMENSIONS] = 1;
      expect(new MapPlacer(fitLandmarks(same, DIMENSIONS, 1)).place(row(same, 0))).toEqual({
        x: 50,
        y: 50,
        clamped: false,
      });
    }
    expect(() => fitLandmarks(new Float32Array(0), DIMENSIONS, 1)).toThrow('at least one vector');
  });

  it('place like texts nearer than unlike ones', () => {
    const topics = ['lease renewal epoch fence', 'triangle mesh hull vertex', 'invoice payment customer tax'];
    const rng = createRng(5);
    const texts = Array.from(
      { length: 600 },
      (_, i) => `${topics[i % 3]} ${topics[i % 3]} note${Math.floor(rng() * 40)}`,
    );
    const embedded = texts.map((text) => embed(termsOf(text)));
    const all = new Float32Array(600 * 256);
    embedded.forEach((vector, i) => all.set(vector, i * 256));
    const placer = new MapPlacer(fitLandmarks(all, 256, 1));
    const at = embedded.map((vector) => placer.place(vector));
    const distance = (i: number, j: number): number => Math.hypot(at[i].x - at[j].x, at[i].y - at[j].y);
    for (let i = 0; i < 60; i++) expect(distance(i, i + 3)).toBeLessThan(distance(i, i + 1));
  });
});

describe('mapQuality', () => {
  it('is perfect for a layout that loses nothing and near chance for a random one', () => {
    const rng = createRng(11);
    const n = 400;
    const vectors = new Float32Array(n * 2);
    const points = new Float64Array(n * 3);
    for (let i = 0; i < n; i++) {
      const angle = rng() * 0.5;
      vectors.set([Math.cos(angle), Math.sin(angle)], i * 2);
      points.set([Math.cos(angle) * 100, Math.sin(angle) * 100, 0], i * 3);
    }
    const kept = mapQuality(vectors, 2, points, 0);
    expect(kept.trustworthiness).toBeGreaterThan(0.999);
    expect(kept.recallAt10).toBeGreaterThan(0.97);
    expect(kept.stress).toBeLessThan(0.01);
    const noise = mapQuality(
      vectors,
      2,
      points.map(() => rng() * 100),
      0.25,
    );
    expect(noise.trustworthiness).toBeLessThan(0.6);
    expect(noise.recallAt10).toBeLessThan(0.1);
    expect(noise.clampedShare).toBe(0.25);
  });
});

describe('importanceOf', () => {
  it('scales ranks to [-10, 10]; equal nodes share their rank', () => {
    const z = importanceOf({ nodes: 4, sources: [0, 1, 2], targets: [3, 3, 3], weights: [1, 1, 1] });
    expect(z[3]).toBe(10);
    expect([z[0], z[1], z[2]]).toEqual([z[0], z[0], z[0]]);
    expect(z[0]).toBeCloseTo(-10 + 20 / 3, 12);
    expect([...importanceOf({ nodes: 1, sources: [], targets: [], weights: [] })]).toEqual([0]);
    expect(importanceOf({ nodes: 0, sources: [], targets: [], weights: [] })).toHaveLength(0);
  });
});
