import { describe, expect, it } from '@jest/globals';
import { searchRequestSchema } from '@hartonomous/contracts';
import { drawRank, minedWorkload, recordedWorkload, zipfCumulative } from '../start/workload.js';
import type { AskedQuery } from '../start/workload.js';

const queries: AskedQuery[] = Array.from({ length: 200 }, (_, i) => ({
  query: `renew lease ${i}`,
  path: `libs/p${i % 7}/src/f${i}.ts`,
  language: 'typescript',
  kind: 'code',
}));

describe('the workload', () => {
  it('is the same for the same corpus and seed, and another for another seed', () => {
    const draw = (seed: number) => {
      const workload = minedWorkload(queries, seed);
      return Array.from({ length: 500 }, () => workload.next());
    };
    expect(draw(5)).toEqual(draw(5));
    expect(draw(5)).not.toEqual(draw(6));
  });

  it('sends requests that the gateway accepts, in sessions of twelve', () => {
    const workload = minedWorkload(queries, 1);
    const requests = Array.from({ length: 240 }, () => searchRequestSchema.parse(workload.next()));
    expect(new Set(requests.map((row) => row.sessionId)).size).toBe(20);
    const filtered = requests.filter((row) => row.filters !== undefined);
    expect(filtered.length).toBeGreaterThan(40);
    expect(filtered.length).toBeLessThan(200);
    for (const { query, filters } of requests) {
      if (filters?.pathPrefix) expect(filters.pathPrefix).toMatch(/^libs\/(?:p\d\/(?:src\/)?)?$/);
      expect(query.length).toBeGreaterThan(2);
    }
  });

  it('has Zipf popularity with exponent 1', () => {
    const cumulative = zipfCumulative(100);
    expect(cumulative[99]).toBeCloseTo(1, 12);
    // Harmonic number of 100.
    expect(cumulative[0]).toBeCloseTo(1 / 5.187377517639621, 12);
    expect(drawRank(cumulative, 0)).toBe(0);
    expect(drawRank(cumulative, cumulative[0])).toBe(1);
    expect(drawRank(cumulative, 1 - 1e-15)).toBe(99);
  });

  it('replays a recorded one in order and keeps its sessions', () => {
    const sessionId = '6f9619ff-8b86-4d11-b42d-00c04fc964ff';
    const workload = recordedWorkload([{ query: 'one', sessionId }, { query: 'two' }], 3);
    const requests = [workload.next(), workload.next(), workload.next()];
    expect(requests.map((row) => row.query)).toEqual(['one', 'two', 'one']);
    expect(requests[0].sessionId).toBe(sessionId);
    expect(requests[1].sessionId).toMatch(/^[0-9a-f-]{36}$/);
  });
});
