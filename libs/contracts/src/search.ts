import { z } from 'zod';
import { atomKinds } from './enums.js';

export const searchRequestSchema = z.strictObject({
  query: z.string().trim().min(1).max(1000),
  filters: z
    .strictObject({
      pathPrefix: z.string().min(1).max(400).optional(),
      language: z.string().min(1).max(40).optional(),
      kind: z.enum(atomKinds).optional(),
    })
    .optional(),
  limit: z.int().min(1).max(100).default(10),
  sessionId: z.uuid().optional(),
});
export type SearchRequest = z.infer<typeof searchRequestSchema>;

export interface SearchHit {
  atomId: string;
  score: number;
  path: string;
  symbol: string | null;
  language: string;
  kind: string;
  lineStart: number;
  lineEnd: number;
  snippet: string;
  position: [x: number, y: number, z: number];
  /** The parts of the score, so that a rank can be explained. */
  why: { bm25: number | null; vector: number | null; position: number };
}

export interface SearchResponse {
  requestId: string;
  traceId: string | null;
  hits: SearchHit[];
  served: { model: string; version: number; cache: 'hit' | 'miss' | 'off'; arm: string | null };
  timings: Record<string, number>;
}

export const workloadLineSchema = z.strictObject({
  query: z.string().trim().min(1).max(1000),
  filters: searchRequestSchema.shape.filters,
  sessionId: z.uuid().optional(),
});
export type WorkloadLine = z.infer<typeof workloadLineSchema>;
