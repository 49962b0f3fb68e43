import type { Attributes, AttributeValue } from '@opentelemetry/api';

/** Longest string an attribute keeps, characters. */
const stringMax = 256;

/**
 * The only attributes a span may carry: identifiers, counts, durations and names of ours. No payload, query text,
 * key or token has a name here, so none can leave by a span.
 */
export const allowedAttributes: ReadonlySet<string> = new Set([
  'hartonomous.tenant.id',
  'hartonomous.cycle.id',
  'hartonomous.action.id',
  'hartonomous.hypothesis.id',
  'hartonomous.observation.id',
  'hartonomous.request.id',
  'hartonomous.session.id',
  'hartonomous.computation.id',
  'hartonomous.chunk',
  'hartonomous.operation',
  'hartonomous.model',
  'hartonomous.type',
  'hartonomous.design',
  'hartonomous.state',
  'hartonomous.verdict',
  'hartonomous.block',
  'hartonomous.pairs',
  'hartonomous.count',
  'hartonomous.rows',
  'hartonomous.hits',
  'hartonomous.status',
  'hartonomous.reason_code',
  'hartonomous.duplicate',
  'hartonomous.index',
  'hartonomous.engine',
  'hartonomous.repeat',
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
