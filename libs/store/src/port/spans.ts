export interface SpanRow {
  traceId: string;
  spanId: string;
  parentSpanId: string | null;
  tenantId: string | null;
  service: string;
  name: string;
  kind: string;
  startedAt: Date;
  /** Null while the span is still open: long work shows before it ends. */
  durationMs: number | null;
  status: 'ok' | 'error' | 'unset';
  attributes: Record<string, string | number | boolean>;
  links: { traceId: string; spanId: string }[];
}

export interface SpanRepository {
  /** Upserts by (trace, span): a started span is completed later. At most 1,000 a call. */
  write(rows: SpanRow[]): Promise<void>;
  byTrace(traceId: string): Promise<SpanRow[]>;
  /** Keeps the newest `keep` spans and those of the named traces. */
  prune(keep: number, keepTraces: string[]): Promise<number>;
}
