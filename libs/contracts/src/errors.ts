/** Error codes are `STAGE_REASON`; borders compare codes, never classes. */
export const errorCodes = {
  INPUT_INVALID: { http: 422, exit: 1, retryable: false },
  INPUT_TOO_LARGE: { http: 413, exit: 1, retryable: false },
  USAGE_WRONG: { http: 400, exit: 2, retryable: false },
  AUTH_MISSING: { http: 401, exit: 1, retryable: false },
  AUTH_FORBIDDEN: { http: 403, exit: 1, retryable: false },
  NOT_FOUND: { http: 404, exit: 1, retryable: false },
  STATE_CONFLICT: { http: 409, exit: 1, retryable: false },
  STATE_STALE: { http: 409, exit: 1, retryable: false },
  KILL_SWITCH_ON: { http: 423, exit: 1, retryable: false },
  FEATURE_UNAVAILABLE: { http: 501, exit: 1, retryable: false },
  MESSAGE_MALFORMED: { http: 422, exit: 1, retryable: false },
  MESSAGE_VERSION_UNKNOWN: { http: 422, exit: 1, retryable: true },
  MESSAGE_TOO_LARGE: { http: 413, exit: 1, retryable: false },
  MESSAGE_FOREIGN_TENANT: { http: 403, exit: 1, retryable: false },
  MESSAGE_NO_HANDLER: { http: 500, exit: 1, retryable: false },
  MESSAGE_EXPIRED: { http: 504, exit: 1, retryable: false },
  CORPUS_MISSING: { http: 404, exit: 1, retryable: false },
  CORPUS_UNREADABLE: { http: 422, exit: 1, retryable: false },
  CONFIG_INVALID: { http: 500, exit: 2, retryable: false },
  STORE_UNREACHABLE: { http: 503, exit: 3, retryable: true },
  STORE_CONFLICT: { http: 409, exit: 1, retryable: true },
  STORE_MIGRATION_FAILED: { http: 500, exit: 1, retryable: false },
  STORE_CORRUPT: { http: 500, exit: 1, retryable: false },
  QUEUE_UNREACHABLE: { http: 503, exit: 3, retryable: true },
  QUEUE_UNSAFE: { http: 503, exit: 3, retryable: false },
  ENGINE_START_FAILED: { http: 503, exit: 3, retryable: false },
  GATEWAY_UNREACHABLE: { http: 503, exit: 3, retryable: true },
  RATE_LIMITED: { http: 429, exit: 1, retryable: true },
  INTERNAL: { http: 500, exit: 1, retryable: false },
} as const;

export type ErrorCode = keyof typeof errorCodes;

export interface ErrorOptionsOf {
  details?: Record<string, unknown>;
  cause?: unknown;
  retryable?: boolean;
}

/** The one fault type of the system. `message` is one clear line that names the fix where there is one. */
export class HartoError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly details: Record<string, unknown>;

  constructor(code: ErrorCode, message: string, options: ErrorOptionsOf = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'HartoError';
    this.code = code;
    this.retryable = options.retryable ?? errorCodes[code].retryable;
    this.details = options.details ?? {};
  }
}

/** The code of any thrown value; faults of other packages count as INTERNAL. */
export function codeOf(error: unknown): ErrorCode {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : 'INTERNAL';
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  code: ErrorCode;
  detail: string;
  details?: Record<string, unknown>;
  traceId?: string;
}

/** RFC 9457 document of an error; internal faults keep their text to themselves. */
export function toProblem(error: unknown, traceId?: string): Problem {
  const code = codeOf(error);
  const known = error instanceof HartoError;
  return {
    type: `urn:hartonomous:${code}`,
    title: code,
    status: errorCodes[code].http,
    code,
    detail: known ? error.message : 'internal error',
    ...(known && Object.keys(error.details).length > 0 ? { details: error.details } : {}),
    ...(traceId ? { traceId } : {}),
  };
}
