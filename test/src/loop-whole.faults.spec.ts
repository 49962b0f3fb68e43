import { describeWholeLoop } from './whole-loop.js';

const points = ['received', 'in-tx', 'after-publish'];
const hops = ['analyze', 'hypothesize', 'act', 'learn'];

describeWholeLoop({
  title: 'the whole loop, killed at three points of every hop',
  // The n-th hit counts in each new process again: one kill a process, in this order.
  faults: [
    ...hops.flatMap((hop) => points.map((point) => `${hop}.${point}=kill@1`)),
    'act.effect-done=kill@1',
  ],
  limitMs: 420_000,
});
