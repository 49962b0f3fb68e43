import { CommanderError } from 'commander';
import type { Command } from 'commander';
import { HartoError, errorCodes } from '@hartonomous/contracts';
import { reportError } from './output.js';
import { createProgram } from './program.js';

/** Commander reports wrong usage itself, over several lines and with code 1: here it becomes one line and code 2. */
function prepare(command: Command): void {
  command.exitOverride();
  command.configureOutput({ outputError: () => {} });
  command.commands.forEach(prepare);
}

function usageError(error: CommanderError): HartoError {
  const text = error.message
    .replace(/^error: /, '')
    .replaceAll(/\s*\n\s*/g, ' ')
    .replace(/^(.)/, (letter) => letter.toLowerCase());
  return new HartoError('USAGE_WRONG', `${text}; see npx harto --help`);
}

async function run(argv: string[]): Promise<void> {
  const json = argv.includes('--json');
  const program = createProgram();
  prepare(program);
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (!(error instanceof CommanderError)) process.exitCode = reportError(error, json);
    else if (error.code === 'commander.help') process.exitCode = errorCodes.USAGE_WRONG.exit;
    else if (error.exitCode !== 0) process.exitCode = reportError(usageError(error), json);
  }
}

// A reader that went away (`harto ... | head`) is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
await run(process.argv);
