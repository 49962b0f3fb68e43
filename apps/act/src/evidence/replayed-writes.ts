import { newId, sha256Hex } from '@hartonomous/contracts';
import type { IngestAtom, TenantTransaction } from '@hartonomous/store';
import type { ExecutorDeps } from '../executors/executor.js';
import { sampleRequests } from './captured-requests.js';

/** A write of the tenant's that a rolled-back transaction may do once more: as JSON, in the action's progress. */
export type WriteSample =
  | { kind: 'ingestion'; texts: string[] }
  | { kind: 'request'; query: string; modelId: string; atomIds: string[] };

/** Tables that a product write fills, by the write; the loop's own tables are not replayed. */
const writeOf: Partial<Record<string, WriteSample['kind']>> = {
  atom: 'ingestion',
  atom_embedding_staging: 'ingestion',
  atom_source: 'ingestion',
  atom_term: 'ingestion',
  source: 'ingestion',
  tenant_atom: 'ingestion',
  inference_request: 'request',
  inference_step: 'request',
  session: 'request',
  session_path: 'request',
};

/** They are kept with the action, whose row is written at every block: 13 KiB at most. */
const requestsMax = 20;
const charactersMax = 200;
/** A chapter: with fewer atoms, an ingestion is round trips for the most part, whatever indexes there are. */
const atomsOfDocument = 64;
const termsOfAtomMax = 200;
const termLengthMax = 64;
/** As of the vectors that the corpus has. */
const dimensions = 256;

/** Writes like those that fill the table, made of what this tenant holds and asks; empty: none is known. */
export async function sampleWrites(
  deps: ExecutorDeps,
  tenantId: string,
  actionId: string,
  table: string,
): Promise<WriteSample[]> {
  const kind = writeOf[table];
  if (kind === 'ingestion') return deps.store.withTenant(tenantId, documentOf);
  if (kind !== 'request') return [];
  const requests = (await sampleRequests(deps, tenantId, actionId)).slice(0, requestsMax);
  return deps.store.withTenant(tenantId, async (tx) => {
    const { id: modelId } = await tx.models.ensureNative();
    const atomIds = (await tx.atoms.listSources(null, 10)).map((source) => source.atomId);
    return requests.map(({ query }) => ({ kind: 'request' as const, query, modelId, atomIds }));
  });
}

/** One document of what the tenant holds; of few atoms it repeats them, and what is written is new each time. */
async function documentOf(tx: TenantTransaction): Promise<WriteSample[]> {
  const sources = await tx.atoms.listSources(null, atomsOfDocument);
  const atoms = await tx.atoms.read([...new Set(sources.map((source) => source.atomId))]);
  if (atoms.length === 0) return [];
  const textOf = (i: number): string => atoms[i % atoms.length]!.text.slice(0, charactersMax);
  return [{ kind: 'ingestion', texts: Array.from({ length: atomsOfDocument }, (_, i) => textOf(i)) }];
}

/** Does the write once more, as new content or a new request: nothing that is there may be met again. */
export function writeAgain(tx: TenantTransaction, sample: WriteSample): Promise<unknown> {
  return sample.kind === 'ingestion' ? ingestAgain(tx, sample.texts) : recordAgain(tx, sample);
}

function ingestAgain(tx: TenantTransaction, texts: readonly string[]): Promise<unknown> {
  const path = `replayed/${newId()}.md`;
  const atoms = texts.map((text, i) => atomOf(`${text}\n${path} ${i}`, i));
  const contentHash = Buffer.from(sha256Hex(path), 'hex');
  const sizeBytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  const file = { path, contentHash, sizeBytes, language: 'markdown', atoms };
  return tx.ingestion.ingest('replayed', 'replayed', [file]);
}

function atomOf(text: string, line: number): IngestAtom {
  const terms = new Map<string, number>();
  for (const term of text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? []) {
    if (terms.size < termsOfAtomMax) terms.set(term.slice(0, termLengthMax), (terms.get(term) ?? 0) + 1);
  }
  return {
    contentHash: Buffer.from(sha256Hex(text), 'hex'),
    modality: 'text',
    text,
    symbol: null,
    heading: null,
    language: 'markdown',
    kind: 'text',
    lineStart: line,
    lineEnd: line,
    terms,
    vector: new Float32Array(dimensions).fill(1 / Math.sqrt(dimensions)),
  };
}

function recordAgain(
  tx: TenantTransaction,
  { query, modelId, atomIds }: Extract<WriteSample, { kind: 'request' }>,
): Promise<unknown> {
  const id = newId();
  return tx.requests.record([
    {
      id,
      modelId,
      operation: 'search',
      inputHash: sha256Hex(query),
      input: { query, limit: atomIds.length },
      startedAt: new Date(),
      durationMs: 1,
      status: 'ok',
      cacheHit: false,
      actionId: null,
      blockNo: null,
      arm: null,
      sessionId: newId(),
      traceId: null,
      spanId: null,
      resultCount: atomIds.length,
      steps: atomIds.map((atomId, rank) => ({ atomId, score: 1, rank })),
      point: [50, 50, 0],
    },
  ]);
}
