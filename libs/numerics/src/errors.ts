/**
 * Fault raised by this library. `code` is `STAGE_REASON` (for example `QUANTILE_EMPTY`): compare codes, not
 * classes. `details` holds plain data (limits, sizes, the offending value). Never retryable: the same input
 * fails again.
 */
export class NumericsError extends Error {
  override readonly name = 'NumericsError';
  readonly retryable = false;

  constructor(
    readonly code: string,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(`${code}: ${message}`, options);
  }
}
