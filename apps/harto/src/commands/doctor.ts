import { accessSync, constants, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { HartoError, codeOf, errorCodes } from '@hartonomous/contracts';
import { face } from '../command-face.js';
import type { Call } from '../command-face.js';
import { readConfig } from '../config.js';
import type { HartoConfig } from '../config.js';
import type { Feature, StoreUrls } from '@hartonomous/store';
import { readEngines, runningSupervisor } from '../installation.js';
import { table } from '../output.js';

interface Finding {
  check: string;
  state: 'ready' | 'missing' | 'degraded';
  detail: string;
  /** Of the process when this one is missing. */
  exit?: number;
}

const nodeMajorMin = 22;

const engineNames = { postgres: 'PostgreSQL', mssql: 'SQL Server' };

const ready = (check: string, detail: string): Finding => ({ check, state: 'ready', detail });

/** Line by line what is ready, what is missing, what degrades; asks the engines that the environment names. */
export function addDoctorCommand(program: Command): void {
  face(
    program.command('doctor').description('what is ready, what is missing, what degrades, line by line'),
    ['doctor', 'doctor --json'],
    async (call) => {
      const config = readConfig();
      const running = runningSupervisor(config.home) !== null || config.gatewayUrl !== null;
      const findings = [
        nodeFinding(),
        homeFinding(config),
        ...(await engineFindings(config)),
        ...(running ? await serviceFindings(call) : []),
      ];
      call.output.result({ findings }, () =>
        table(
          ['check', 'state', 'detail'],
          findings.map(({ check, state, detail }) => [check, state, detail]),
        ),
      );
      process.exitCode = findings.find((finding) => finding.state === 'missing')?.exit ?? 0;
    },
  );
}

function nodeFinding(): Finding {
  const version = process.versions.node;
  if (Number.parseInt(version, 10) >= nodeMajorMin) return ready('node', version);
  return {
    check: 'node',
    state: 'missing',
    detail: `${version}; ${nodeMajorMin} or newer is needed`,
    exit: 1,
  };
}

function homeFinding({ home }: HartoConfig): Finding {
  let folder = home;
  while (!existsSync(folder)) folder = dirname(folder);
  try {
    accessSync(folder, constants.W_OK);
    return ready('folder', home);
  } catch {
    return {
      check: 'folder',
      state: 'missing',
      detail: `${folder} is not writable: choose another with HARTO_HOME`,
      exit: 1,
    };
  }
}

/** Engines that the environment names, else those that run here, else what would be started. */
async function engineFindings(config: HartoConfig): Promise<Finding[]> {
  if (config.storeUrl !== null) {
    const named = {
      url: config.storeUrl,
      ...(config.storeSystemUrl ? { systemUrl: config.storeSystemUrl } : {}),
      ...(config.storeMaintenanceUrl ? { maintenanceUrl: config.storeMaintenanceUrl } : {}),
      ...(config.storeSuperuserUrl ? { superuserUrl: config.storeSuperuserUrl } : {}),
    };
    return [...(await storeFindings(named)), ...(await queueFindings(config.queueUrl, config.storeUrl))];
  }
  const running = runningSupervisor(config.home) === null ? null : readEngines(config.home);
  if (running)
    return [...(await storeFindings(running.store)), ...(await queueFindings(running.queueUrl, null))];
  const idle = ready('store', 'embedded PostgreSQL, not running: npm start starts it');
  return [idle, ...(await queueFindings(config.queueUrl, null))];
}

async function attempt(check: string, work: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await work();
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return [{ check, state: 'missing', detail, exit: errorCodes[codeOf(error)].exit }];
  }
}

function storeFindings(urls: StoreUrls): Promise<Finding[]> {
  return attempt('store', async () => {
    const { openStore } = await import('@hartonomous/store');
    const store = await openStore(urls);
    try {
      const { host } = new URL(urls.url);
      const engine = engineNames[store.engine];
      return [
        ready('store', `${engine} ${await store.version()} at ${host}`),
        ...(await store.features()).map(featureFinding),
      ];
    } finally {
      await store.close();
    }
  });
}

function queueFindings(queueUrl: string | null, storeUrl: string | null): Promise<Finding[]> {
  return attempt('queue', async () => {
    if (queueUrl === null) {
      if (storeUrl !== null && !storeUrl.startsWith('postgres')) {
        throw new HartoError(
          'CONFIG_INVALID',
          'QUEUE_URL is needed when the store is SQL Server: redis://host:port',
        );
      }
      return [ready('queue', 'on the store’s PostgreSQL')];
    }
    const { openQueues } = await import('@hartonomous/bus');
    const queues = await openQueues({ url: queueUrl });
    await queues.close();
    return [ready('queue', `${queues.engine} at ${new URL(queueUrl).host}`)];
  });
}

function featureFinding({ name, state, why, degrades }: Feature): Finding {
  if (state === 'on') return ready(`feature ${name}`, 'on');
  return { check: `feature ${name}`, state: 'degraded', detail: [why, degrades].filter(Boolean).join('; ') };
}

async function serviceFindings(call: Call): Promise<Finding[]> {
  const status = await call.gateway().status();
  return status.services.map(({ service, alive, secondsSinceSeen }) =>
    alive
      ? ready(service, `seen ${secondsSinceSeen?.toFixed(0)} s ago`)
      : {
          check: service,
          state: 'missing',
          detail: `silent${secondsSinceSeen ? ` for ${secondsSinceSeen.toFixed(0)} s` : ''}`,
          exit: 3,
        },
  );
}
