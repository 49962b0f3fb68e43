import { codeOf, HartoError } from './errors.js';
import type { ErrorCode } from './errors.js';

/** A fault as one thread hands it to another: structured cloning keeps nothing of an Error but its text. */
export interface ThreadFault {
  fault: {
    code: ErrorCode;
    message: string;
    details: Record<string, unknown>;
    retryable: boolean;
    stack?: string;
  };
}

/** Runs what a worker thread was asked for; a fault is an answer, so that its code arrives. */
export function answerOf<T extends object | null>(work: () => T): T | ThreadFault {
  try {
    return work();
  } catch (error) {
    const { details = {}, retryable = false } = error instanceof HartoError ? error : {};
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    return { fault: { code: codeOf(error), message, details, retryable, stack } };
  }
}

/**
 * What the thread found.
 * @throws HartoError with the code, the details and the stack that it had there
 */
export function orThrow<T extends object | null>(answer: T | ThreadFault): T {
  if (answer === null || !('fault' in answer)) return answer as T;
  const { code, message, stack, ...options } = (answer as ThreadFault).fault;
  const error = new HartoError(code, message, options);
  if (stack) error.stack = stack;
  throw error;
}
