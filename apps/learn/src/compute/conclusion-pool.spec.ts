import { afterAll, describe, expect, it } from '@jest/globals';
import { foldPartials, parseParams, taskTypeOf, type Partial } from '@hartonomous/compute';
import { ConclusionPool } from './conclusion-pool.js';

const pool = new ConclusionPool();
afterAll(() => pool.close());

const count = 1024;
const dimensions = 64;
const data = Float32Array.from({ length: count * dimensions }, (_, i) => ((i * 7919) % 1009) / 1009);
const input = { count, dimensions, data };
const type = taskTypeOf('kmeans');
const params = parseParams(type, { k: 200 });
const round = { ...type.firstRound(params, input), carry: null };

const sample = (lo: number, hi: number): Partial =>
  type.run(
    params,
    { round: 0, lo, hi },
    {
      carry: null,
      input,
      stopped: () => false,
      progress: () => {},
      independent: false,
    },
  );

describe('merging and seeding', () => {
  it('happens beside the event loop, with the result of doing it here', async () => {
    const partials = [sample(0, 511), sample(512, 1023)];
    const { name, version } = type;
    // The answer of a thread comes by the event loop, which goes round for it; done here, it would not turn at all.
    // How often it turns meanwhile is for the machine to say.
    let turns = 0;
    let over = false;
    const turn = () => {
      turns++;
      if (!over) setImmediate(turn);
    };
    const merged = (await pool.fold({ type: name, version, partials }))!;
    turn();
    const outcome = await pool.finish({
      type: name,
      version,
      params,
      round,
      merged,
      input: { ...input, data: new Float32Array(0) },
    });
    over = true;
    expect(turns).toBeGreaterThan(1);
    const here = foldPartials(type, partials)!;
    expect(Buffer.from(merged.state!).equals(Buffer.from(here.state!))).toBe(true);
    expect(outcome).toEqual(type.finished(params, round, here, input));
  });

  it('adds summaries where they are', async () => {
    const partials = [{ summary: { count: 2 } }, { summary: { count: 3 } }];
    expect(await pool.fold({ type: 'prime.count', version: 1, partials })).toEqual({ summary: { count: 5 } });
  });
});
