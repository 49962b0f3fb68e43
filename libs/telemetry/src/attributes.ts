import type { Attributes, AttributeValue } from '@opentelemetry/api';

/** Longest string an attribute keeps, characters. */
const stringMax = 256;

/**
 * The only attributes a span may carry: identifiers, counts, durations and names of ours. No payload, query text,
 * key or token has a name here, so none can leave by a span.
 */
export const allowedAttributes: ReadonlySet<string> = new Set([
  'harto.tenant',
  'harto.cycle',
  'harto.action',
  'harto.hypothesis',
  'harto.observation',
  'harto.request',
  'harto.session',
  'harto.computation',
  'harto.chunk',
  'harto.operation',
  'harto.model',
  'harto.type',
  'harto.design',
  'harto.state',
  'harto.verdict',
  'harto.block',
  'harto.pairs',
  'harto.count',
  'harto.rows',
  'harto.hits',
  'harto.status',
  'harto.reason_code',
  'harto.duplicate',
  'harto.index',
  'harto.engine',
  'harto.repeat',
  'messaging.system',
  'messaging.destination.name',
  'messaging.message.id',
  'messaging.operation.name',
  'messaging.attempt',
  'messaging.waited_ms',
  'http.request.method',
  'http.route',
  'http.response.status_code',
  'db.system.name',
  'db.operation.name',
  'db.collection.name',
  'error.type',
  'service.name',
  'service.instance.id',
]);

/** Drops what is not on the list and cuts what is too long. */
export function allowed(attributes: Attributes): Record<string, string | number | boolean> {
  const kept: Record<string, string | number | boolean> = {};
  for (const [key, value] of Object.entries(attributes)) {
    if (!allowedAttributes.has(key)) continue;
    const plain = scalar(value);
    if (plain !== null) kept[key] = plain;
  }
  return kept;
}

function scalar(value: AttributeValue | undefined | null): string | number | boolean | null {
  if (typeof value === 'string') return value.length > stringMax ? value.slice(0, stringMax) : value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  return typeof value === 'boolean' ? value : null;
}
