import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { face, whole } from '../command-face.js';
import { readConfig } from '../config.js';
import { interruptedExit } from '../start/interruption.js';
import { readOptions } from '../start/options.js';
import type { StartFlags } from '../start/options.js';

function scale(text: string): number {
  const value = Number(text);
  if (!(value >= 1 && value <= 1000))
    throw new InvalidArgumentError('Expected a number from 1 (real time) to 1000.');
  return value;
}

export function addStartCommand(program: Command): void {
  face(
    program
      .command('start')
      .description(
        'start everything, ingest a corpus, drive a workload, let the loop improve the store; Ctrl-C stops',
      )
      .option('--corpus <dir...>', 'folders to ingest instead of this repository and some of its packages')
      .option('--workload <file>', 'replay requests: JSON lines of {query, filters?, sessionId?}')
      .option('--no-workload', 'serve only')
      .option('--once', 'end when two types of action have a verdict, or nothing is worth trying')
      .option('--minutes <n>', 'with --once, give up after so many minutes', whole(1, 1440), 6)
      .option('--scale <n>', 'divide every wait of the loop; 1 is real time', scale, 60)
      .option('--seed <n>', 'of the mined workload', whole(0, 2 ** 31 - 1), 20261120)
      .option('--clients <n>', 'askers at the same time', whole(1, 64), 2)
      .option('--port <n>', 'of the gateway; without it 4280 or the next free one', whole(1, 65535))
      .option('-v, --verbose', 'show the services’ logs, with their names'),
    [
      'start',
      'start --once --json',
      'start --corpus ~/src/my-project --scale 1',
      'start --workload requests.jsonl',
    ],
    async ({ output }, flags: StartFlags) => {
      const config = readConfig();
      const options = readOptions(flags, config.callerFolder);
      // Loaded here: every other command answers without the engines' drivers.
      const { start } = await import('../start/start.js');
      try {
        await start(config, options, output);
      } catch (error) {
        const code = interruptedExit(error);
        if (code === null) throw error;
        process.exitCode = code;
      }
    },
  );
}
