import type { RequestRecord } from '../port/serving.js';
import type { IngestFile } from '../port/atoms.js';
import { canonicalJson } from '@hartonomous/contracts';
import type { NodeKey } from '../port/provenance.js';
import type { TenantContext } from './context.js';
import {
  computationContent,
  regionsHash,
  requestContent,
  type ActionDocument,
  type RequestFields,
} from './provenance-contents.js';
import { keyText, type Edge } from './provenance-hash.js';
import { modelFields, modelNode, seal, type NewNode } from './provenance-seal.js';

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

interface SourceContent {
  corpus: string;
  path: string;
  contentHash: string;
  sizeBytes: number;
  language: string;
  /** Regions, and the hash over their atoms in order. */
  atoms: number;
  atomsHash: string;
}

/** Where an atom came from when the tenant took it up. */
export type Origins = Map<string, NodeKey>;

/**
 * Files whose contents are new become nodes, which cover the hashes of their atoms. The atoms themselves are sealed when
 * something first refers to them: until then their content hash stands for them. Content hash -> file, as it is now.
 */
export async function sealSources(
  context: TenantContext,
  corpus: string,
  files: IngestFile[],
): Promise<Origins> {
  const sources = await sourceStates(context, corpus, files);
  await seal(
    context,
    sources.filter((s) => s.isNew).map((s) => s.node),
    { document: true },
  );
  const origins: Origins = new Map();
  for (const [i, file] of files.entries()) {
    const { id, revision } = sources[i].node;
    for (const { contentHash } of file.atoms) {
      const hash = contentHash.toString('hex');
      if (!origins.has(hash)) origins.set(hash, { id, revision });
    }
  }
  return origins;
}

/** The node of each file as it is now: the newest one when its bytes are the same, else the next. */
async function sourceStates(
  { tenantId, db, sql }: TenantContext,
  corpus: string,
  files: IngestFile[],
): Promise<{ node: NewNode; isNew: boolean }[]> {
  const params: unknown[] = [tenantId, corpus];
  const paths = sql.anyOf(
    's.path',
    'text',
    files.map((file) => file.path),
    params,
  );
  const rows = await db.rows<{ path: string; id: string; revision: number | null; document: string | null }>(
    `select s.path as "path", s.id as "id", n.revision as "revision", n.document as "document" from source s
     left join provenance_node n on n.tenant_id = s.tenant_id and n.id = s.id and n.revision = (
       select max(m.revision) from provenance_node m where m.tenant_id = s.tenant_id and m.id = s.id)
     where s.tenant_id = $1 and s.corpus = $2 and ${paths}`,
    params,
  );
  const known = new Map(rows.map((row) => [row.path, row]));
  return files.map((file) => {
    const { id, revision, document } = known.get(file.path)!;
    const { path, sizeBytes, language } = file;
    const content: SourceContent = {
      corpus,
      path,
      contentHash: file.contentHash.toString('hex'),
      sizeBytes,
      language,
      atoms: file.atoms.length,
      atomsHash: regionsHash(file.atoms.map((atom) => atom.contentHash)),
    };
    const isNew = document !== canonicalJson(content);
    const before = revision ?? 0;
    const node: NewNode = { id, revision: isNew ? before + 1 : before, kind: 'source', content, edges: [] };
    return { node, isNew };
  });
}

/** Things that the tenant lets go: their nodes stay, since others rest on them. */
export async function markReleased({ tenantId, db, sql }: TenantContext, ids: string[]): Promise<void> {
  if (ids.length === 0) return;
  const params: unknown[] = [tenantId];
  const ofIds = sql.anyOf('id', 'uuid', ids, params);
  await db.run(
    `update provenance_node set released_at = ${sql.now} where tenant_id = $1 and ${ofIds}`,
    params,
  );
}

export async function markSourcesReleased(
  { tenantId, db, sql }: TenantContext,
  corpus: string,
  paths: string[],
): Promise<void> {
  const params: unknown[] = [tenantId, corpus];
  const ofPaths = sql.anyOf('s.path', 'text', paths, params);
  await db.run(
    `update provenance_node set released_at = ${sql.now} where tenant_id = $1 and id in (
       select s.id from source s where s.tenant_id = $1 and s.corpus = $2 and ${ofPaths})`,
    params,
  );
}

export async function sealRequests(context: TenantContext, rows: RequestRecord[]): Promise<void> {
  const nodes = rows.map((r): NewNode => {
    const steps = [...new Map(r.steps.map((s) => [s.rank, s])).values()];
    const fields: RequestFields = { ...r, input: JSON.stringify(r.input) };
    const edges: Edge[] = [{ type: 'produced-by', parent: { id: r.modelId, revision: 1 } }];
    for (const atomId of new Set(steps.map((s) => s.atomId))) {
      edges.push({ type: 'used', parent: { id: atomId, revision: 1 } });
    }
    return { id: r.id, revision: 1, kind: 'request', content: requestContent(fields, steps), edges };
  });
  await seal(context, nodes, { edgesElsewhere: true });
}

/** A version, with what it is derived from and what made it. */
export async function sealModel(context: TenantContext, id: string, more: Edge[] = []): Promise<void> {
  const { tenantId, db } = context;
  const rows = await db.rows<Parameters<typeof modelNode>[0]>(
    `select ${modelFields} from model where tenant_id = $1 and id = $2`,
    [tenantId, id],
  );
  await seal(
    context,
    rows.map((row) => modelNode(row, more)),
  );
}

/** The newest revision of a thing; what it produced refers to that one. */
export async function newestRevision({ tenantId, db }: TenantContext, id: string): Promise<number> {
  const [row] = await db.rows<{ n: number | null }>(
    'select max(revision) as "n" from provenance_node where tenant_id = $1 and id = $2',
    [tenantId, id],
  );
  return row.n ?? 1;
}

/** A state of an action: its revision is the number of its last transition, 0 as created. */
export async function sealAction(
  context: TenantContext,
  id: string,
  state: { revision: number; content: ActionDocument; before: Buffer | null },
  approvers: string[] = [],
): Promise<void> {
  const { revision, content, before } = state;
  const edges: Edge[] = approvers
    .filter((principal) => uuid.test(principal))
    .map((principal) => ({ type: 'approved-by', parent: { id: principal, revision: 1 } }));
  const hash = before?.toString('hex');
  const chain = new Map(hash === undefined ? [] : [[keyText({ id, revision: revision - 1 }), hash]]);
  await seal(context, [{ id, revision, kind: 'action', content, edges }], {
    document: true,
    fresh: true,
    ...(edges.length === 0 ? { hashes: chain } : {}),
  });
}

const terminal = new Set(['Completed', 'CompletedWithGaps', 'Failed', 'Cancelled']);
export const isFinalState = (state: string): boolean => terminal.has(state);

/** The result of a computation; one that was rerun gets a node for each end it came to. */
export async function sealComputation(context: TenantContext, id: string): Promise<void> {
  const { tenantId, db } = context;
  const found = await computationContent(context, id);
  if (found === null) return;
  const [{ n }] = await db.rows<{ n: number | null }>(
    'select max(revision) as "n" from provenance_node where tenant_id = $1 and id = $2',
    [tenantId, id],
  );
  const edges: Edge[] = [];
  if (found.readsVectors) {
    const [model] = await db.rows<{ id: string }>(
      `select id as "id" from model where tenant_id = $1 and name = 'native' and version = 1`,
      [tenantId],
    );
    if (model) edges.push({ type: 'used', parent: { id: model.id, revision: 1 } });
  }
  const revision = (n ?? 0) + 1;
  await seal(context, [{ id, revision, kind: 'computation', content: found.content, edges }]);
}
