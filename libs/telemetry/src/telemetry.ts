import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { SpanProcessor } from '@opentelemetry/sdk-trace';
import type { Store } from '@hartonomous/store';
import { StoreSpanProcessor } from './store-span-processor.js';

export interface TelemetryOptions {
  service: string;
  instance: string;
  /** Spans are kept here; without it they only go to the endpoint. */
  store?: Store;
  /** Base URL of an OTLP/HTTP collector, e.g. `http://127.0.0.1:4318`. */
  otlpEndpoint?: string;
  onError?: (error: unknown) => void;
}

export interface Telemetry {
  flush(): Promise<void>;
  shutdown(): Promise<void>;
  /** Spans that never reached the store: the queue was full or the write failed. */
  dropped(): number;
}

/** Starts tracing for the process; once, before the first span. */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { service, instance, store, onError } = options;
  const kept = store ? new StoreSpanProcessor({ store, service, onError }) : null;
  const spanProcessors: SpanProcessor[] = kept ? [kept] : [];
  if (options.otlpEndpoint) spanProcessors.push(await otlpProcessor(options.otlpEndpoint));
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': service, 'service.instance.id': instance }),
    sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
    spanProcessors,
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  return {
    flush: () => provider.forceFlush(),
    shutdown: async () => {
      await provider.shutdown();
      trace.disable();
      context.disable();
      propagation.disable();
    },
    dropped: () => kept?.dropped ?? 0,
  };
}

/** Loaded on demand: the exporter costs 70 ms of start-up that the embedded default does not need. */
async function otlpProcessor(endpoint: string): Promise<SpanProcessor> {
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http');
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  return new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url }), maxQueueSize: 5_000 });
}
