import { join } from 'node:path';
import { HartoError } from '@hartonomous/contracts';
import type { Store } from '@hartonomous/store';
import type { HartoConfig } from '../config.js';
import { GatewayClient } from '../gateway-client.js';
import { claimInstallation, prepareHome, removeRun, writeEngines, writeRun } from '../installation.js';
import type { Output } from '../output.js';
import { openEngines } from './engines.js';
import type { Engines } from './engines.js';
import { Interruption } from './interruption.js';
import { runMainJob } from './main-job.js';
import type { StartOptions } from './options.js';
import { prepareStore } from './prepare-store.js';
import { ServiceLogs } from './service-logs.js';
import { serviceGraceMs, serviceSpecs } from './service-specs.js';
import { Supervisor } from './supervisor.js';

const databaseGraceMs = 1_800;

/** Starts the installation, does the main job, and takes everything down again in the reverse order. */
export async function start(config: HartoConfig, options: StartOptions, output: Output): Promise<void> {
  prepareHome(config.home);
  const release = claimInstallation(config.home);
  const interruption = new Interruption(config.parentPid, (why) => output.say(`stopping (${why}) ...`));
  const installation = new Installation(config, options, output, interruption);
  try {
    await interruption.during(installation.run());
  } finally {
    const began = performance.now();
    await installation.stop();
    removeRun(config.home);
    release();
    interruption.dispose();
    output.say(`stopped in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  }
}

class Installation {
  private readonly logs: ServiceLogs;
  private readonly supervisor: Supervisor;
  private engines: Promise<Engines> | null = null;
  private store: Store | null = null;
  private work: Promise<void> = Promise.resolve();

  constructor(
    private readonly config: HartoConfig,
    private readonly options: StartOptions,
    private readonly output: Output,
    private readonly interruption: Interruption,
  ) {
    this.logs = new ServiceLogs(join(config.home, 'logs'), options.verbose, output.say);
    this.supervisor = new Supervisor({
      line: this.logs.line,
      restarting: (service, why, delayMs) =>
        output.say(`${service} ended (${why}), starting it again in ${(delayMs / 1000).toFixed(1)} s`),
      ready: () => {},
    });
  }

  run(): Promise<void> {
    this.work = this.runSteps();
    return this.work;
  }

  private async runSteps(): Promise<void> {
    const { config, options, output, interruption } = this;
    const engines = await this.step(async () => {
      const log = (line: string) => this.logs.line('postgres', line);
      this.engines = openEngines(config, log, output.say, interruption.signal);
      const opened = await this.engines;
      return [opened, opened.description];
    });
    const { store, tenant } = await this.step(async () => {
      const prepared = await prepareStore(engines, config.home);
      this.store = prepared.store;
      const count = prepared.applied.length;
      return [prepared, count > 0 ? `schema: ${count} migrations applied` : 'schema: up to date'];
    });
    if (tenant.created.length > 0)
      output.say(`keys: ${tenant.created.join(' and ')} in ${join(config.home, 'keys')}`);
    const gatewayUrl = await this.startServices(engines);
    await runMainJob({
      client: new GatewayClient(gatewayUrl, tenant.keys.admin),
      store,
      tenantId: tenant.tenantId,
      options,
      output,
      signal: interruption.signal,
    });
  }

  private async startServices(engines: Engines): Promise<string> {
    const { config, options } = this;
    const port = options.port ?? config.port;
    const specs = serviceSpecs(config, engines, { scale: options.scale, port });
    const chosen = await this.step(async () => {
      const ready = await this.supervisor.start(specs);
      return [ready.get('gateway')?.port, `services: ${specs.map((spec) => spec.name).join(', ')} ready`];
    });
    if (chosen === undefined)
      throw new HartoError('INTERNAL', 'the gateway said it is ready without naming its port');
    // Started again, it must be found where it was.
    specs.find((spec) => spec.name === 'gateway')!.env.PORT = String(chosen);
    const url = `http://127.0.0.1:${chosen}/`;
    writeEngines(config.home, { store: engines.store, queueUrl: engines.queueUrl });
    writeRun(config.home, {
      pid: process.pid,
      startedAt: new Date().toISOString(),
      console: url,
      store: { kind: engines.kind, dataDir: engines.dataDir },
      queue: new URL(engines.queueUrl).protocol.slice(0, -1),
      scale: options.scale,
    });
    return url;
  }

  /** Services first, then what they stand on; an engine that is still starting is waited for and stopped. */
  async stop(): Promise<void> {
    await this.supervisor.stop(serviceGraceMs);
    await Promise.race([this.work.catch(() => {}), new Promise((resolve) => setTimeout(resolve, 500))]);
    await this.store?.close().catch(() => {});
    const engines = await this.engines?.catch(() => null);
    await engines?.stop(databaseGraceMs);
    this.logs.close();
  }

  private async step<T>(work: () => Promise<[T, string]>): Promise<T> {
    this.interruption.throwIfInterrupted();
    const began = performance.now();
    const [value, line] = await work();
    this.output.say(`${line} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
    return value;
  }
}
