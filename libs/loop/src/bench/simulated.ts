import type { BenchResult } from '@hartonomous/bus/bench';
import { compareArms } from '../simulation/arms-scenario.js';
import { simulateErrorGuardrail } from '../simulation/guardrail-simulation.js';
import { simulatePowerCurve } from '../simulation/reference-simulation.js';

const seed = 20261121;
const runs = 2_000;
const guardrailRuns = 1_000;

/** Bounds by true latency; the other rows are the power curve. */
const bounds: Record<string, { kept?: string; harm?: string; pairs?: string }> = {
  '1.5': { harm: '>=99', pairs: '<=9' },
  '1': { kept: '<=1', harm: '<=1' },
  '0.8': { kept: '>=97', pairs: '<=24' },
};

/** The claims of the stopping rule, the guardrail and the bandit, from the same seeds every time. */
export function simulatedFigures(): BenchResult[] {
  return [...stoppingRule(), ...errorGuardrail(), ...thompson()];
}

const row = (what: string, ours: number, unit: string, target?: string): BenchResult => ({
  case: what,
  ours,
  unit,
  ...(target ? { target } : {}),
});

function stoppingRule(): BenchResult[] {
  return simulatePowerCurve(seed, runs).flatMap((f) => {
    const bound = bounds[String(f.ratio)] ?? {};
    const unit = `% of ${runs} runs`;
    return [
      row(`latency x ${f.ratio}: kept`, (100 * f.kept) / runs, unit, bound.kept),
      row(`latency x ${f.ratio}: reverted for harm`, (100 * f.harm) / runs, unit, bound.harm),
      row(`latency x ${f.ratio}: median to decide`, f.pairsMedian, 'pairs', bound.pairs),
      row(`latency x ${f.ratio}: 95 % interval missed`, (100 * f.intervalMissed) / runs, unit, '<=5'),
    ];
  });
}

function errorGuardrail(): BenchResult[] {
  const cases = [
    { treatedShare: 0.01, requests: 1_200, target: '<=0.5' },
    { treatedShare: 0.1, requests: 300, target: '>=95' },
    { treatedShare: 0.3, requests: 40, target: '>=95' },
  ];
  return cases.map(({ treatedShare, requests, target }) => {
    const scenario = { seed, runs: guardrailRuns, baselineShare: 0.01, treatedShare, requests };
    const { fired } = simulateErrorGuardrail(scenario);
    const what = `guardrail fired at ${treatedShare * 100} % errors within ${requests} requests`;
    return row(what, (100 * fired) / guardrailRuns, `% of ${guardrailRuns} runs`, target);
  });
}

function thompson(): BenchResult[] {
  const figures = compareArms(200);
  const against = (peer: 'uniform' | 'greedy', target: string): BenchResult => ({
    ...row(`12 arms, 150 cycles, 200 seeds, against ${peer}`, figures.thompson, 'gain', target),
    peer: `${peer} choice`,
    peerValue: figures[peer],
  });
  return [against('uniform', '>=2'), against('greedy', '>=1')];
}
