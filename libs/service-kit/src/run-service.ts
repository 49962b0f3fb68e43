import 'reflect-metadata';
import { codeOf, errorCodes, toProblem } from '@hartonomous/contracts';
import type { ServiceName } from '@hartonomous/contracts';
import { RpcErrorFilter } from '@hartonomous/bus';
import { armFaults } from '@hartonomous/faults';
import type { INestApplication, INestApplicationContext, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions, NestMicroservice } from '@nestjs/microservices';
import { loadServiceConfig } from './config.js';
import type { ServiceConfig } from './config.js';
import { untilEnded } from './ending.js';
import { startHeartbeat } from './heartbeat.js';
import { createLogger, nestLogger } from './logger.js';
import type { Logger } from './logger.js';
import { closeParts, openParts } from './open-parts.js';
import type { Parts } from './open-parts.js';
import { ServiceModule } from './service-module.js';

export interface HttpFace {
  configure(app: INestApplication, config: ServiceConfig): void | Promise<void>;
  listen(app: INestApplication, config: ServiceConfig): Promise<{ port: number }>;
}

export interface ServiceOptions {
  name: ServiceName;
  module: Type;
  /** Given by tests; default: the process's environment and arguments. */
  config?: ServiceConfig;
  /** Serves HTTP beside the bus. */
  http?: HttpFace;
}

interface Running {
  app: INestApplicationContext;
  facts: Record<string, unknown>;
}

/** A clean end takes the time for running handlers plus this much for closing, ms; then the process leaves anyway. */
const closeMs = 10_000;

/**
 * The whole life of a service process: settings, store, queue, traces, handlers, heartbeat, and an orderly end. Prints
 * `{"event":"ready",…}` on standard output when it consumes. Exit code 0 after a signal, else by the error's code.
 */
export async function runService(options: ServiceOptions): Promise<void> {
  let log: Logger | null = null;
  try {
    const config = options.config ?? loadServiceConfig(process.env, process.argv.slice(2));
    armFaults(config.faults, config.faultsDir ?? null);
    log = createLogger({ service: options.name, instance: config.instance, level: config.logLevel });
    await serve(options, config, log);
    process.exit(0);
  } catch (error) {
    const { code, detail } = toProblem(error);
    if (log) log.fatal({ err: error, code }, detail);
    else
      process.stderr.write(
        `${JSON.stringify({ level: 'fatal', service: options.name, code, msg: detail })}\n`,
      );
    process.exit(errorCodes[codeOf(error)].exit);
  }
}

async function serve(options: ServiceOptions, config: ServiceConfig, log: Logger): Promise<void> {
  const ended = untilEnded(config);
  const parts = await openParts(options.name, config, log);
  let running: Running | null = null;
  try {
    running = await startNest(options, parts);
    await parts.relay.start();
  } catch (error) {
    await running?.app.close().catch(() => {});
    await closeParts(parts);
    throw error;
  }
  const { app, facts } = running;
  const stopHeartbeat = startHeartbeat(parts, () => facts);
  announce(parts, 'ready', facts);
  const reason = await ended;
  const hurry = setTimeout(() => process.exit(1), config.shutdownMs + closeMs).unref();
  log.info({ reason }, 'stopping');
  const drained = await parts.transport.drain(config.shutdownMs);
  if (!drained)
    log.warn({ withinMs: config.shutdownMs }, 'handlers did not finish; their messages come again');
  stopHeartbeat();
  await app.close();
  await closeParts(parts);
  clearTimeout(hurry);
  announce(parts, 'stopped', { reason });
}

function announce({ name, config }: Parts, event: 'ready' | 'stopped', facts: Record<string, unknown>): void {
  const line = { event, service: name, pid: process.pid, instance: config.instance, ...facts };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function startNest({ module, http }: ServiceOptions, parts: Parts): Promise<Running> {
  const root = ServiceModule.around(module, parts);
  const settings = { logger: nestLogger(parts.log), abortOnError: false } as const;
  if (!http) {
    const app = await NestFactory.createMicroservice<MicroserviceOptions>(root, {
      ...settings,
      strategy: parts.transport,
    });
    app.useGlobalFilters(new RpcErrorFilter());
    await app.listen();
    return { app, facts: {} };
  }
  const app = await NestFactory.create(root, settings);
  // Deferred: filters that come after the handlers are bound would not be theirs.
  const bus = app.connectMicroservice<MicroserviceOptions>(
    { strategy: parts.transport },
    { deferInitialization: true },
  ) as NestMicroservice;
  bus.useGlobalFilters(new RpcErrorFilter());
  await http.configure(app, parts.config);
  await app.init();
  // The application has run the start-up hooks of the providers that both share.
  bus.setIsInitHookCalled(true);
  await app.startAllMicroservices();
  const { port } = await http.listen(app, parts.config);
  return { app, facts: { port } };
}
