import { simulateLoop, type LoopSimulationReport } from '@hartonomous/loop';
import type { Command } from 'commander';
import { face, whole } from '../command-face.js';
import { table } from '../output.js';

/** `harto loop simulate`: the pure loop against a synthetic world with known truth; it touches no store. */
export function addLoopCommands(program: Command): void {
  const loop = program.command('loop').description('the improvement loop itself');
  face(
    loop
      .command('simulate')
      .description('the loop against a synthetic workload whose truth is known')
      .option('--seed <n>', 'the same seed gives the same report', whole(0, 2 ** 32 - 1), 1)
      .option('--cycles <n>', 'cycles a policy runs', whole(1, 100_000), 200),
    ['loop simulate', 'loop simulate --seed 7 --cycles 500 --json'],
    async ({ output }, { seed, cycles }: { seed: number; cycles: number }) => {
      const report = simulateLoop({ seed, cycles });
      output.result(report, () => reportText(report));
    },
  );
}

const percent = (share: number | null): string => (share === null ? '-' : `${(100 * share).toFixed(1)} %`);
const ratio = (value: number | null): string => (value === null ? '-' : `${value.toFixed(2)} x`);

function reportText(report: LoopSimulationReport): string {
  const rows = report.policies.map((p) => [
    p.policy,
    String(p.trials),
    String(p.verdicts.keep),
    percent(p.falseKeepRate),
    percent(p.falseRevertRate),
    String(p.missedGains.trials),
    p.totalGain.toFixed(1),
  ]);
  const head = ['policy', 'trials', 'kept', 'false keep', 'false revert', 'missed gains', 'gain s/h'];
  return [
    `seed ${report.seed}, ${report.cycles} cycles, ${report.arms} kinds of action; the truth shifts at cycle ${report.truthShiftsAt}`,
    table(head, rows, [1, 2, 3, 4, 5, 6]),
    `gain against uniform ${ratio(report.gainOverUniform)}, against greedy ${ratio(report.gainOverGreedy)}`,
  ].join('\n');
}
