import { Command } from 'commander';
import { addBackupCommands } from './commands/backup.js';
import { addDoctorCommand } from './commands/doctor.js';
import { addInstallationCommands } from './commands/installation-commands.js';
import { addLookCommands } from './commands/look.js';
import { addModelCommands } from './commands/models.js';
import { addOriginCommands } from './commands/origins.js';
import { addSearchCommand } from './commands/search.js';
import { addLoopCommands } from './commands/simulate.js';
import { addSetupCommand } from './commands/setup.js';
import { addComputeCommands } from './compute/compute-commands.js';
import { addStartCommand } from './commands/start.js';
import { addSteerCommands } from './commands/steer.js';

/** The whole command line; building it touches nothing. */
export function createProgram(): Command {
  const program = new Command('harto')
    .description('Hartonomous: a self-improving store for models and the knowledge they work on')
    .version('0.1.0')
    .showSuggestionAfterError()
    .helpOption('-h, --help', 'show what a command does, with examples')
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 an engine cannot be reached, 130 interrupted',
    );
  addStartCommand(program);
  addSetupCommand(program);
  addInstallationCommands(program);
  addDoctorCommand(program);
  addBackupCommands(program);
  addLookCommands(program);
  addSearchCommand(program);
  addOriginCommands(program);
  addModelCommands(program);
  addSteerCommands(program);
  addComputeCommands(program);
  addLoopCommands(program);
  return program;
}
