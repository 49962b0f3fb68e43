import { join } from 'node:path';
import type { Command } from 'commander';
import { HartoError } from '@hartonomous/contracts';
import { face } from '../command-face.js';
import { readConfig } from '../config.js';
import { prepareHome } from '../installation.js';

export function addSetupCommand(program: Command): void {
  face(
    program
      .command('setup')
      .description(
        'prepare the engines of STORE_URL and QUEUE_URL: schema, queue, tenant and keys; once per release',
      ),
    ['setup', 'setup --json'],
    async ({ output }) => {
      const config = readConfig();
      if (config.storeUrl === null) {
        throw new HartoError(
          'CONFIG_INVALID',
          'STORE_URL names no store: npm start sets the embedded one up by itself',
        );
      }
      prepareHome(config.home);
      const { openEngines } = await import('../start/engines.js');
      const { prepareStore } = await import('../start/prepare-store.js');
      const engines = await openEngines(config, output.say, output.say);
      const prepared = await prepareStore(engines, config.home);
      await prepared.store.close();
      await engines.stop(0);
      const { applied, tenant } = prepared;
      output.result({ applied, tenantId: tenant.tenantId, newKeys: tenant.created }, () =>
        [
          `${engines.description}: ${applied.length > 0 ? `${applied.length} migrations applied` : 'up to date'}`,
          ...(tenant.created.length > 0
            ? [`keys: ${tenant.created.join(' and ')} in ${join(config.home, 'keys')}`]
            : []),
        ].join('\n'),
      );
    },
  );
}
