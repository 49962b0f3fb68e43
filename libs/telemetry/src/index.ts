export { startTelemetry } from './telemetry.js';
export type { Telemetry, TelemetryOptions } from './telemetry.js';
export { annotate, carrier, currentTrace, extract, runWith, withSpan } from './spans.js';
export type { SpanOptions, SpanRef } from './spans.js';
export { allowedAttributes } from './attributes.js';
