import { codeOf, errorCodes, HartoError, toProblem, type ErrorCode } from '@hartonomous/contracts';
import { LOGGER, type Logger } from '@hartonomous/service-kit';
import { currentTrace } from '@hartonomous/telemetry';
import { Catch, HttpException, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Response } from 'express';

const codesByStatus: Record<number, ErrorCode> = {
  404: 'NOT_FOUND',
  413: 'INPUT_TOO_LARGE',
  429: 'RATE_LIMITED',
};

/** What the body parser, the router and Nest refuse, in our words: theirs quote the input. */
const texts: Partial<Record<ErrorCode, string>> = {
  INPUT_INVALID: 'the request cannot be read: its address, encoding or JSON is malformed',
  INPUT_TOO_LARGE: 'the body is larger than 100 kB',
  NOT_FOUND: 'no such route',
};

/** Every fault leaves as problem+json; what is not ours says only "internal error" and the id that the log has too. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly log: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    const known = asHartoError(error);
    const requestId = response.locals['requestId'] as string | undefined;
    const problem = toProblem(known, (response.locals['traceId'] as string) ?? currentTrace()?.traceId);
    const { method, path } = response.req;
    if (problem.status >= 500) this.log.error({ err: error, requestId, method, path }, 'request failed');
    if (response.headersSent) {
      response.end();
      return;
    }
    if (errorCodes[codeOf(known)].retryable && !response.hasHeader('Retry-After')) {
      response.setHeader('Retry-After', '1');
    }
    const document = requestId ? { ...problem, requestId } : problem;
    response.status(problem.status).type('application/problem+json').send(JSON.stringify(document));
  }
}

function asHartoError(error: unknown): unknown {
  if (error instanceof HartoError) return error;
  const status =
    error instanceof HttpException ? error.getStatus() : (error as { status?: number } | null)?.status;
  if (status === undefined || status < 400 || status >= 500) return error;
  const code = codesByStatus[status] ?? 'INPUT_INVALID';
  return new HartoError(code, texts[code] ?? 'refused', { cause: error });
}
