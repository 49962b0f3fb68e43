import type { LoggerService } from '@nestjs/common';
import { currentTrace } from '@hartonomous/telemetry';
import { destination, pino, stdTimeFunctions } from 'pino';
import type { Logger } from 'pino';

export type { Logger } from 'pino';

/** One JSON line per event on standard error, with the trace it belongs to; standard output is for the supervisor. */
export function createLogger(options: { service: string; instance: string; level: string }): Logger {
  return pino(
    {
      level: options.level,
      base: { service: options.service, instance: options.instance },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: ['*.password', '*.apiKey', '*.authorization', 'url', '*.url'], censor: '[redacted]' },
      mixin: () => {
        const trace = currentTrace();
        return trace ? { traceId: trace.traceId, spanId: trace.spanId } : {};
      },
    },
    // Synchronous: the last lines before an exit are the ones that matter.
    destination({ dest: 2, sync: true }),
  );
}

/** Nest's own messages through the same stream; its start-up chatter only at debug. */
export function nestLogger(log: Logger): LoggerService {
  const child = log.child({ by: 'nest' });
  const text = (message: unknown) => (message instanceof Error ? message.message : String(message));
  return {
    log: (message: unknown) => child.debug(text(message)),
    debug: (message: unknown) => child.debug(text(message)),
    verbose: (message: unknown) => child.trace(text(message)),
    warn: (message: unknown) => child.warn(text(message)),
    error: (message: unknown) => child.error(message instanceof Error ? { err: message } : {}, text(message)),
    fatal: (message: unknown) => child.fatal(text(message)),
  };
}
