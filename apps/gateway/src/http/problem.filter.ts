import { errorCodes, HartoError, toProblem, type ErrorCode } from '@hartonomous/contracts';
import { currentTrace } from '@hartonomous/telemetry';
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Response } from 'express';

const codesByStatus: Record<number, ErrorCode> = {
  400: 'INPUT_INVALID',
  404: 'NOT_FOUND',
  413: 'INPUT_TOO_LARGE',
  429: 'RATE_LIMITED',
};

/** Every fault leaves as problem+json; what is not ours says only "internal error" and its trace id. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    if (response.headersSent) {
      response.end();
      return;
    }
    const known = asHartoError(error);
    const problem = toProblem(known, currentTrace()?.traceId);
    if (known instanceof HartoError && errorCodes[known.code].retryable)
      response.setHeader('Retry-After', '1');
    response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
  }
}

function asHartoError(error: unknown): unknown {
  if (error instanceof HartoError) return error;
  const status =
    error instanceof HttpException ? error.getStatus() : (error as { status?: number } | null)?.status;
  const code = status === undefined ? undefined : codesByStatus[status];
  if (!code) return error;
  return new HartoError(code, code === 'NOT_FOUND' ? 'no such route' : (error as Error).message);
}
