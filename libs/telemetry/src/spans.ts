import {
  context,
  INVALID_SPAN_CONTEXT,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from '@opentelemetry/api';
import type { Attributes, Context, Span } from '@opentelemetry/api';
import { codeOf } from '@hartonomous/contracts';
import { allowed } from './attributes.js';
import { openSpanKey } from './open-span.js';

export interface SpanRef {
  traceId: string;
  spanId: string;
}

export interface SpanOptions {
  /** A span of another process to continue; null starts a trace of its own. Default: the current span. */
  parent?: SpanRef | null;
  links?: SpanRef[];
  startTime?: Date;
  kind?: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  /** Long work: the span is stored when it starts, and again when it ends. */
  open?: boolean;
}

const tracerName = 'hartonomous';

const kinds = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

function parentContext(parent: SpanRef | null | undefined): Context {
  if (parent === undefined) return context.active();
  if (parent === null) return trace.deleteSpan(context.active());
  return trace.setSpanContext(context.active(), remote(parent));
}

const remote = (span: SpanRef) => ({
  traceId: span.traceId,
  spanId: span.spanId,
  traceFlags: TraceFlags.SAMPLED,
  isRemote: true,
});

/**
 * Runs `fn` inside a span; a throw marks it as failed with the error's code, never its text.
 * Attributes outside of `allowedAttributes` are dropped.
 */
export async function withSpan<T>(
  name: string,
  attributes: Attributes,
  fn: (span: Span) => T | Promise<T>,
  options: SpanOptions = {},
): Promise<T> {
  let parent = parentContext(options.parent);
  if (options.open) parent = parent.setValue(openSpanKey, true);
  const span = trace.getTracer(tracerName).startSpan(
    name,
    {
      attributes: allowed(attributes),
      kind: kinds[options.kind ?? 'internal'],
      startTime: options.startTime,
      links: (options.links ?? []).map((link) => ({ context: remote(link) })),
    },
    parent,
  );
  const inside = trace.setSpan(parent.deleteValue(openSpanKey), span);
  try {
    const result = await context.with(inside, fn, undefined, span);
    span.setStatus({ code: SpanStatusCode.OK });
    return result;
  } catch (error) {
    span.setAttribute('error.type', codeOf(error));
    span.setStatus({ code: SpanStatusCode.ERROR, message: codeOf(error) });
    throw error;
  } finally {
    span.end();
  }
}

/** Adds facts that became known inside the current span; the allow-list holds here as well. */
export function annotate(attributes: Attributes): void {
  trace.getActiveSpan()?.setAttributes(allowed(attributes));
}

export function currentTrace(): SpanRef | null {
  const span = trace.getSpanContext(context.active());
  if (!span || span.traceId === INVALID_SPAN_CONTEXT.traceId) return null;
  return { traceId: span.traceId, spanId: span.spanId };
}

/** W3C headers of the current span, to be kept in an outbox row or sent along. */
export function carrier(): Record<string, string> {
  const headers: Record<string, string> = {};
  propagation.inject(context.active(), headers);
  return headers;
}

/** The context a carrier stands for; an absent or malformed one is a context without a span. */
export const extract = (headers: Record<string, string> | undefined): Context =>
  propagation.extract(ROOT_CONTEXT, headers ?? {});

export const runWith = <T>(headers: Record<string, string> | undefined, fn: () => T): T =>
  context.with(extract(headers), fn);
