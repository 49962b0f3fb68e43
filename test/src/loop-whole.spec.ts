import { describeWholeLoop } from './whole-loop.js';

describeWholeLoop({
  title: 'the whole loop, killed once in every service (laws 1 to 4, 6)',
  faults: [
    'analyze.in-tx=kill@1',
    'hypothesize.after-commit=kill@1',
    'act.effect-done=kill@1',
    'act.in-tx=kill@3',
    'learn.in-tx=kill@1',
  ],
  limitMs: 1_500_000,
});
