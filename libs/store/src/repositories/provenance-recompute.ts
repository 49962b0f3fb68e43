import { createHash } from 'node:crypto';
import type { ProvenanceKind, ProvenanceNode } from '../port/provenance.js';
import type { TenantContext } from './context.js';
import { keyText } from './provenance-hash.js';
import {
  actionContent,
  computationContent,
  regionsHash,
  requestColumns,
  requestContent,
  type ActionDocument,
  type RequestFields,
} from './provenance-contents.js';
import { modelContent, modelFields } from './provenance-seal.js';
import { isFinalState } from './provenance-writers.js';
import { snapshotContent } from './snapshots.js';

export type Recomputed = { content: unknown } | 'missing' | 'not-recomputed';

/** Things read at once: their texts are held in memory. */
const pageRows = 1_000;

function grouped<K, T>(items: T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

type Reader = (context: TenantContext, nodes: ProvenanceNode[]) => Promise<Map<string, Recomputed>>;

/** Is this the newest state of its thing? */
type Newest = (node: ProvenanceNode) => boolean;

/** The content of each node from the thing's rows as they are now; by key. */
export async function recompute(
  context: TenantContext,
  nodes: ProvenanceNode[],
  isNewest: Newest,
): Promise<Map<string, Recomputed>> {
  const found = new Map<string, Recomputed>();
  const byKind = grouped(nodes, (node) => node.kind);
  for (const [kind, all] of byKind) {
    const readable = all.filter((node) => {
      if (node.releasedAt === null || kind === 'source' || kind === 'atom') return true;
      found.set(keyText(node), 'not-recomputed');
      return false;
    });
    const read = readers(isNewest)[kind];
    for (let i = 0; i < readable.length; i += pageRows) {
      const page = readable.slice(i, i + pageRows);
      for (const [key, value] of await read(context, page)) found.set(key, value);
    }
  }
  return found;
}

const readers = (isNewest: Newest): Record<ProvenanceKind, Reader> => ({
  atom: atoms,
  model: models,
  principal: principals,
  request: requests,
  source: sources(isNewest),
  action: oneByOne(async (context, node) => {
    const sealed = node.document as unknown as ActionDocument;
    const earlier = isNewest(node) ? null : { revision: node.revision, sealed };
    const found = await actionContent(context, node.id, earlier);
    return found === null ? 'missing' : { content: found.content };
  }),
  computation: oneByOne(async (context, node) => {
    if (!isNewest(node)) return 'not-recomputed';
    const found = await computationContent(context, node.id);
    if (found === null) return 'missing';
    return isFinalState(String(found.content.state)) ? { content: found.content } : 'not-recomputed';
  }),
  snapshot: oneByOne(async (context, node) => {
    const content = await snapshotContent(context, node.id);
    return content === null ? 'missing' : { content };
  }),
});

const oneByOne =
  (read: (context: TenantContext, node: ProvenanceNode) => Promise<Recomputed>): Reader =>
  async (context, nodes) => {
    const found = new Map<string, Recomputed>();
    for (const node of nodes) found.set(keyText(node), await read(context, node));
    return found;
  };

/** Rows of these things by id; the rest is missing. */
async function byId<R extends { id: string }>(
  { tenantId, db, sql }: TenantContext,
  nodes: ProvenanceNode[],
  text: string,
  column: string,
  contentOf: (row: R, node: ProvenanceNode) => unknown,
): Promise<Map<string, Recomputed>> {
  const params: unknown[] = [tenantId];
  const ofIds = sql.anyOf(column, 'uuid', [...new Set(nodes.map((node) => node.id))], params);
  const rows = new Map((await db.rows<R>(`${text} and ${ofIds}`, params)).map((row) => [row.id, row]));
  return new Map(
    nodes.map((node) => {
      const row = rows.get(node.id);
      return [keyText(node), row === undefined ? 'missing' : { content: contentOf(row, node) }];
    }),
  );
}

interface AtomRecord {
  id: string;
  hash: Buffer;
  text: string | null;
  payload: Buffer | null;
}

/** The bytes are hashed again; of one whose bytes lie elsewhere the recorded hash counts. */
const atoms: Reader = async (context, nodes) => {
  const found = await byId<AtomRecord>(
    context,
    nodes,
    `select a.id as "id", a.content_hash as "hash", a.text as "text", a.payload as "payload"
     from tenant_atom t join atom a on a.id = t.atom_id where t.tenant_id = $1`,
    't.atom_id',
    ({ hash, text, payload }) => {
      const bytes = text ?? payload;
      const recorded = hash.toString('hex');
      const computed = bytes === null ? recorded : createHash('sha256').update(bytes).digest('hex');
      return computed === recorded
        ? { contentHash: recorded }
        : { contentHash: recorded, bytesHash: computed };
    },
  );
  // Let go, and not taken up again.
  for (const node of nodes) {
    const key = keyText(node);
    if (node.releasedAt !== null && found.get(key) === 'missing') found.set(key, 'not-recomputed');
  }
  return found;
};

const models: Reader = (context, nodes) =>
  byId<Parameters<typeof modelContent>[0]>(
    context,
    nodes,
    `select ${modelFields} from model where tenant_id = $1`,
    'id',
    (row) => modelContent(row),
  );

const principals: Reader = (context, nodes) =>
  byId<{ id: string; name: string }>(
    context,
    nodes,
    'select id as "id", name as "name" from principal where tenant_id = $1',
    'id',
    ({ id, name }) => ({ id, name }),
  );

const requests: Reader = async (context, nodes) => {
  const { tenantId, db, sql } = context;
  const params: unknown[] = [tenantId];
  const ofRequests = sql.anyOf(
    'request_id',
    'uuid',
    nodes.map((node) => node.id),
    params,
  );
  const steps = grouped(
    await db.rows<{ requestId: string; atomId: string; score: number; rank: number }>(
      `select request_id as "requestId", atom_id as "atomId", score as "score", step_rank as "rank"
       from inference_step where tenant_id = $1 and ${ofRequests}`,
      params,
    ),
    (step) => step.requestId,
  );
  return byId<RequestFields>(
    context,
    nodes,
    `select ${requestColumns} from inference_request where tenant_id = $1`,
    'id',
    (row) => requestContent(row, steps.get(row.id) ?? []),
  );
};

interface SourceRecord {
  id: string;
  corpus: string;
  path: string;
  contentHash: string;
  sizeBytes: string | number;
  language: string;
}

/** Earlier states and files that are gone stand in their documents; the newest one must be what the tables say. */
const sources =
  (isNewest: Newest): Reader =>
  async (context, nodes) => {
    const present = nodes.filter((node) => node.releasedAt === null && isNewest(node));
    const regions = await regionsOf(context, present);
    const found = await byId<SourceRecord>(
      context,
      present,
      `select id as "id", corpus as "corpus", path as "path", content_hash as "contentHash",
         size_bytes as "sizeBytes", language as "language" from source where tenant_id = $1`,
      'id',
      ({ id, sizeBytes, ...rest }) => ({
        ...rest,
        sizeBytes: Number(sizeBytes),
        atoms: regions.get(id)?.length ?? 0,
        atomsHash: regionsHash((regions.get(id) ?? []).flatMap((region) => region.hash ?? [])),
      }),
    );
    for (const node of nodes) {
      const key = keyText(node);
      if (!found.has(key)) found.set(key, { content: node.document });
      // Without all of its atoms the file cannot be judged; each of them is, where it is asked for.
      else if (regions.get(node.id)?.some((region) => region.hash === null)) found.set(key, 'not-recomputed');
    }
    return found;
  };

interface Region {
  sourceId: string;
  no: number;
  /** Null when the tenant does not hold the atom. */
  hash: Buffer | null;
}

async function regionsOf(
  { tenantId, db, sql }: TenantContext,
  nodes: ProvenanceNode[],
): Promise<Map<string, Region[]>> {
  const params: unknown[] = [tenantId];
  const ofSources = sql.anyOf(
    'r.source_id',
    'uuid',
    nodes.map((node) => node.id),
    params,
  );
  const rows = await db.rows<Region>(
    `select r.source_id as "sourceId", r.region_no as "no", a.content_hash as "hash" from atom_source r
     left join tenant_atom t on t.tenant_id = r.tenant_id and t.atom_id = r.atom_id
     left join atom a on a.id = t.atom_id
     where r.tenant_id = $1 and ${ofSources} order by r.source_id, r.region_no`,
    params,
  );
  return grouped(rows, (row) => row.sourceId);
}
