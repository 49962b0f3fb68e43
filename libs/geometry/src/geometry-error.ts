/**
 * The only error this library throws. `code` is `STAGE_REASON` and is what callers compare; a geometry fault is a
 * property of the input, so a retry with the same input never helps.
 */
export class GeometryError extends Error {
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly retryable = false;

  constructor(code: string, message: string, details: Record<string, unknown> = {}) {
    super(`${code}: ${message}`);
    this.name = 'GeometryError';
    this.code = code;
    this.details = details;
  }
}
