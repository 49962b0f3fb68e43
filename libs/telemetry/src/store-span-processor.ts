import { context, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { Context, HrTime } from '@opentelemetry/api';
import { hrTimeToMilliseconds, suppressTracing } from '@opentelemetry/core';
import type { ReadableSpan, Span, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { SpanRow, Store } from '@hartonomous/store';
import { allowed } from './attributes.js';
import { openSpanKey } from './open-span.js';

export interface StoreSpanOptions {
  store: Store;
  service: string;
  /** Time between two writes, ms. */
  flushMs?: number;
  /** Spans that may wait; what comes on top is dropped and counted. */
  queueMax?: number;
  onError?: (error: unknown) => void;
}

/** The port's limit of one write. */
const batchMax = 1_000;
const kindNames: Record<SpanKind, string> = {
  [SpanKind.INTERNAL]: 'internal',
  [SpanKind.SERVER]: 'server',
  [SpanKind.CLIENT]: 'client',
  [SpanKind.PRODUCER]: 'producer',
  [SpanKind.CONSUMER]: 'consumer',
};

/** Keeps spans in the store, off the path of the work: bounded, in batches, and lost rather than in the way. */
export class StoreSpanProcessor implements SpanProcessor {
  #waiting = new Map<string, SpanRow>();
  #dropped = 0;
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> | null = null;
  readonly #options: Required<Omit<StoreSpanOptions, 'onError'>> & Pick<StoreSpanOptions, 'onError'>;

  constructor(options: StoreSpanOptions) {
    this.#options = { flushMs: 500, queueMax: 5_000, ...options };
  }

  get dropped(): number {
    return this.#dropped;
  }

  onStart(span: Span, parent: Context): void {
    if (parent.getValue(openSpanKey) === true) this.#keep(span);
  }

  onEnd(span: ReadableSpan): void {
    this.#keep(span);
  }

  #keep(span: ReadableSpan): void {
    const row = rowOf(span, this.#options.service);
    const key = `${row.traceId}${row.spanId}`;
    if (this.#waiting.size >= this.#options.queueMax && !this.#waiting.has(key)) {
      this.#dropped++;
      return;
    }
    this.#waiting.set(key, row);
    this.#timer ??= setTimeout(() => void this.forceFlush(), this.#options.flushMs).unref();
  }

  async forceFlush(): Promise<void> {
    while (this.#writing || this.#waiting.size > 0) {
      this.#writing ??= this.#write().finally(() => (this.#writing = null));
      await this.#writing;
    }
  }

  async #write(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const batch = [...this.#waiting].slice(0, batchMax);
    for (const [key] of batch) this.#waiting.delete(key);
    const rows = batch.map(([, row]) => row);
    if (rows.length === 0) return;
    try {
      await context.with(suppressTracing(context.active()), () =>
        this.#options.store.withSystem('spans', (tx) => tx.spans.write(rows)),
      );
    } catch (error) {
      this.#dropped += rows.length;
      this.#options.onError?.(error);
    }
  }

  async shutdown(): Promise<void> {
    await this.forceFlush();
  }
}

const statusNames = {
  [SpanStatusCode.UNSET]: 'unset',
  [SpanStatusCode.OK]: 'ok',
  [SpanStatusCode.ERROR]: 'error',
} as const;

const dateOf = (time: HrTime): Date => new Date(hrTimeToMilliseconds(time));

function rowOf(span: ReadableSpan, service: string): SpanRow {
  const { traceId, spanId } = span.spanContext();
  const attributes = allowed(span.attributes);
  const tenant = attributes['hartonomous.tenant.id'];
  return {
    traceId,
    spanId,
    parentSpanId: span.parentSpanContext?.spanId ?? null,
    tenantId: typeof tenant === 'string' ? tenant : null,
    service,
    name: span.name,
    kind: kindNames[span.kind],
    startedAt: dateOf(span.startTime),
    durationMs: span.ended ? hrTimeToMilliseconds(span.duration) : null,
    status: statusNames[span.status.code],
    attributes,
    links: span.links.map((link) => ({ traceId: link.context.traceId, spanId: link.context.spanId })),
  };
}
