import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { HartoError } from '@hartonomous/contracts';
import { face } from '../command-face.js';
import { readConfig } from '../config.js';
import { keysFile, readKeys, removeRun, runningSupervisor } from '../installation.js';
import { table } from '../output.js';

const stopWithinMs = 20_000;

/** Commands about this installation on this machine: stop, keys, console. */
export function addInstallationCommands(program: Command): void {
  face(
    program.command('stop').description('end what npm start began here: services first, database last'),
    ['stop', 'stop --json'],
    async ({ output }) => {
      const { home } = readConfig();
      const pid = runningSupervisor(home);
      if (pid === null) {
        removeRun(home);
        output.result({ stopped: false, pid: null }, () => 'nothing is running here');
        return;
      }
      signal(pid);
      const until = performance.now() + stopWithinMs;
      while (runningSupervisor(home) !== null) {
        if (performance.now() > until) {
          throw new HartoError(
            'STATE_CONFLICT',
            `process ${pid} did not end within ${stopWithinMs / 1000} s: see ${home}/logs`,
          );
        }
        await sleep(50);
      }
      output.result({ stopped: true, pid }, () => 'stopped');
    },
  );
  face(
    program
      .command('keys')
      .description('principals of this installation; with a name, that one’s key')
      .argument('[principal]', 'admin or approver'),
    ['keys', 'keys approver'],
    async ({ output }, _options, principal: string | undefined) => {
      const { home } = readConfig();
      const stored = readKeys(home);
      if (!stored)
        throw new HartoError('NOT_FOUND', `no keys in ${keysFile(home)} yet: npm start makes them`);
      if (principal === undefined) {
        const principals = Object.keys(stored.keys);
        output.result({ tenantId: stored.tenantId, file: keysFile(home), principals }, () =>
          table(
            ['principal', 'key'],
            principals.map((name) => [name, `${stored.keys[name].slice(0, 10)}…`]),
          ),
        );
        return;
      }
      if (!Object.hasOwn(stored.keys, principal)) {
        throw new HartoError(
          'NOT_FOUND',
          `no principal ${principal}; known: ${Object.keys(stored.keys).join(', ')}`,
        );
      }
      output.result({ principal, key: stored.keys[principal] }, () => stored.keys[principal]);
    },
  );
  face(
    program.command('console').description('a single-use link that signs the browser in'),
    ['console', 'console --as approver'],
    async ({ output, gateway }) => {
      const client = gateway();
      const link = await client.send<{ path: string; expiresAt: string }>('POST', '/v1/sign-in-links');
      const url = new URL(link.path, client.baseUrl).href;
      output.result({ url, expiresAt: link.expiresAt }, () => `${url}\nworks once, until ${link.expiresAt}`);
    },
  );
}

function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
    throw new HartoError('AUTH_FORBIDDEN', `process ${pid} belongs to another user: stop it as that user`, {
      cause: error,
    });
  }
}
