import type { ChunkRow, ComputationRow, ComputationWork } from '../port/compute.js';

export const computationFields = `id as "id", order_no as "order", type as "type", type_version as "version",
  params as "params", options as "options", lane as "lane", priority as "priority",
  idempotency_key as "idempotencyKey", requested_by as "requestedBy", public_job as "publicJob", state as "state",
  version as "revision", work as "work", total_cost as "totalCost", progress as "progress", wasted as "wasted",
  wasted_ms as "wastedMs", result as "result", result_hash as "resultHash", reason as "reason",
  trace_id as "traceId", span_id as "spanId", created_at as "createdAt", started_at as "startedAt",
  finished_at as "finishedAt"`;

export const chunkFields = `no as "no", round as "round", lo as "lo", hi as "hi", cost as "cost",
  verifies as "verifies", verified as "verified", state as "state", owner as "owner", fence as "fence",
  claims as "claims", failures as "failures", share as "share", elapsed_ms as "elapsedMs", cpu_ms as "cpuMs",
  summary as "summary", checksum as "checksum", reason as "reason", leased_at as "leasedAt",
  finished_at as "finishedAt"`;

type JsonField = 'params' | 'options' | 'work' | 'result';
export type ComputationRecord = Omit<ComputationRow, JsonField | 'order'> &
  Record<JsonField, string | null> & { order: string | number };
export type ChunkRecord = Omit<ChunkRow, 'summary' | 'lo' | 'hi'> & {
  summary: string | null;
  lo: string | number;
  hi: string | number;
};

const parse = (text: string | null): unknown => (text === null ? null : (JSON.parse(text) as unknown));

export const readComputation = (record: ComputationRecord): ComputationRow => ({
  ...record,
  order: Number(record.order),
  params: parse(record.params) as Record<string, unknown>,
  options: parse(record.options) as Record<string, unknown>,
  work: parse(record.work) as ComputationWork | null,
  result: parse(record.result) as Record<string, unknown> | null,
});

export const readChunk = (record: ChunkRecord): ChunkRow => ({
  ...record,
  lo: Number(record.lo),
  hi: Number(record.hi),
  verified: Boolean(record.verified),
  summary: parse(record.summary) as Record<string, unknown> | null,
});

export const bytes = (value: Uint8Array | null | undefined): Buffer | null =>
  value ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : null;
