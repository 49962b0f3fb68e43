import { openLaneRig, untilEnded } from './lane-rig.js';

const rig = await openLaneRig((process.argv[2] as 'postgres') ?? 'postgres');
try {
  for (const [lo, hi, more] of [
    [1, 1e6, {}],
    [1, 1e9, {}],
    [1, 2e6, { chunk: { mode: 'fixed', size: 10_000 } }],
    [1, 1e10, {}],
  ] as const) {
    const began = performance.now();
    const { id } = await rig.submit({ type: 'prime.count', params: { lo, hi }, ...more });
    const done = await rig.until(id, untilEnded, 120_000);
    console.log(performance.now() - began, JSON.stringify(done));
  }
} catch (error) {
  console.log(error);
} finally {
  await rig.close();
}
