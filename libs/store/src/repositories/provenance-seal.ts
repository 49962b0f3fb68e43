import { canonicalJson } from '@hartonomous/contracts';
import type { NodeKey, ProvenanceKind } from '../port/provenance.js';
import type { Columns } from '../sql/dialect.js';
import type { TenantContext } from './context.js';
import {
  contentHash,
  keyText,
  nodeHash,
  sealedEdges,
  supersededBy,
  unknownHash,
  type Edge,
} from './provenance-hash.js';

export interface NewNode extends NodeKey {
  kind: ProvenanceKind;
  /** Canonical content: plain values, instants as ISO text. */
  content: unknown;
  /** That a later state supersedes the one before goes without saying. */
  edges: Edge[];
}

export interface SealOptions {
  /** Keeps the content with the node: the thing's own row moves on. */
  document?: boolean;
  /** The edges stand in the thing's own rows. */
  edgesElsewhere?: boolean;
  /** None of them has a node yet, and nobody else can be making one. */
  fresh?: boolean;
  /** Parents that the caller has read already. */
  hashes?: Map<string, string>;
}

const nodeColumns: Columns = {
  tenant_id: 'uuid',
  id: 'uuid',
  revision: 'int',
  kind: 'text',
  content_hash: 'bytes',
  edges_hash: 'bytes',
  hash: 'bytes',
  document: 'text',
};

const edgeColumns: Columns = {
  tenant_id: 'uuid',
  node_id: 'uuid',
  node_revision: 'int',
  edge_type: 'text',
  parent_id: 'uuid',
  parent_revision: 'int',
};

/**
 * Writes nodes whose state is final; one that is sealed already is left alone. Parents stand before their children in
 * the list, or are in the store.
 */
export async function seal(
  context: TenantContext,
  nodes: NewNode[],
  options: SealOptions = {},
): Promise<void> {
  if (nodes.length === 0) return;
  const { tenantId } = context;
  const edgesOf = new Map(
    nodes.map((node) => {
      const before = supersededBy(node);
      return [node, sealedEdges(before ? [...node.edges, before] : node.edges)];
    }),
  );
  const hashes = options.hashes ?? (await parentHashes(context, nodes, edgesOf.values()));
  const hashOf = (parent: NodeKey): string => hashes.get(keyText(parent)) ?? unknownHash;
  const rows = nodes.map((node) => {
    const content = contentHash(node.content);
    const edges = edgesOf.get(node)!;
    const hash = nodeHash(node, content, edges, hashOf);
    hashes.set(keyText(node), hash.toString('hex'));
    const document = options.document ? canonicalJson(node.content) : null;
    return [tenantId, node.id, node.revision, node.kind, content, edges.hash, hash, document];
  });
  // In id order, so that two writers of the same nodes never wait for each other in a circle.
  rows.sort((a, b) => ((a[1] as string) < (b[1] as string) ? -1 : 1));
  const withEdges = !options.edgesElsewhere && nodes.some((node) => node.edges.length > 0);
  const asks = withEdges && !options.fresh;
  const written = await insert(context, 'provenance_node', nodeColumns, rows, asks);
  if (!withEdges) return;
  const edges = nodes
    .filter((node) => !asks || written.has(keyText(node)))
    .flatMap(({ id, revision, edges: list }) =>
      list.map(({ type, parent }) => [tenantId, id, revision, type, parent.id, parent.revision]),
    );
  await insert(context, 'provenance_edge', edgeColumns, edges, false);
}

const keysOf = {
  provenance_node: ['tenant_id', 'id', 'revision'],
  provenance_edge: Object.keys(edgeColumns),
};

/** Keys of the nodes that were not there yet, when they are asked for. */
async function insert(
  { db, sql }: TenantContext,
  table: keyof typeof keysOf,
  columns: Columns,
  rows: unknown[][],
  answer: boolean,
): Promise<Set<string>> {
  if (rows.length === 0) return new Set();
  const params: unknown[] = [];
  const names = Object.keys(columns);
  const text = sql.insertNew({
    table,
    columns: names,
    select: names.map((name) => `r.${name}`),
    from: sql.rowset('r', columns, rows, params),
    match: keysOf[table].map((key) => `${table}.${key} = r.${key}`).join(' and '),
    ...(answer ? { returning: ['id', 'revision'] } : {}),
  });
  if (!answer) {
    await db.send(text, params);
    return new Set();
  }
  return new Set((await db.rows<NodeKey>(text, params)).map(keyText));
}

/** Hashes of all parents that are not sealed in the same call; one without a node is sealed now, if it is known. */
async function parentHashes(
  context: TenantContext,
  nodes: NewNode[],
  edges: Iterable<ReturnType<typeof sealedEdges>>,
): Promise<Map<string, string>> {
  const own = new Set(nodes.map(keyText));
  const wanted = new Map<string, string>();
  for (const { ordered } of edges) {
    for (const { parent } of ordered) {
      const key = keyText(parent);
      if (!own.has(key)) wanted.set(key, parent.id);
    }
  }
  const ids = new Set(wanted.values());
  const found = await storedHashes(context, [...ids]);
  const missing = [...wanted].filter(([key]) => !found.has(key)).map(([, id]) => id);
  if (missing.length === 0 || !(await sealKnown(context, missing))) return found;
  // Read back: another writer may have sealed it first, with edges that we do not know.
  for (const [key, hash] of await storedHashes(context, missing)) found.set(key, hash);
  return found;
}

async function storedHashes(
  { tenantId, db, sql }: TenantContext,
  ids: string[],
): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const params: unknown[] = [tenantId];
  const rows = await db.rows<NodeKey & { hash: Buffer }>(
    `select id as "id", revision as "revision", hash as "hash" from provenance_node
     where tenant_id = $1 and ${sql.anyOf('id', 'uuid', ids, params)}`,
    params,
  );
  return new Map(rows.map((row) => [keyText(row), row.hash.toString('hex')]));
}

interface ModelRecord {
  id: string;
  name: string;
  architecture: string;
  format: string | null;
  version: number;
  parentId: string | null;
  ranking: string;
}

export const modelContent = ({
  id,
  name,
  architecture,
  format,
  version,
  parentId,
  ranking,
}: ModelRecord) => ({
  id,
  name,
  architecture,
  format,
  version,
  parentId,
  ranking,
});

export const modelFields = `id as "id", name as "name", architecture as "architecture", format as "format",
  version as "version", parent_id as "parentId", ranking as "ranking"`;

/**
 * Things that are sealed when something first refers to them: atoms, principals, and models of a store that is older
 * than its provenance. Were there any?
 */
export async function sealKnown(context: TenantContext, ids: string[]): Promise<boolean> {
  const { tenantId, db, sql } = context;
  const read = <R>(text: string, column: string): Promise<R[]> => {
    const params: unknown[] = [tenantId];
    return db.rows<R>(`${text} and ${sql.anyOf(column, 'uuid', ids, params)}`, params);
  };
  const atoms = await read<HeldAtom>(
    `select a.id as "id", a.content_hash as "hash", t.origin_id as "originId", t.origin_revision as "originRevision"
     from tenant_atom t join atom a on a.id = t.atom_id where t.tenant_id = $1`,
    't.atom_id',
  );
  const models = await read<ModelRecord>(`select ${modelFields} from model where tenant_id = $1`, 'id');
  const principals = await read<{ id: string; name: string }>(
    'select id as "id", name as "name" from principal where tenant_id = $1',
    'id',
  );
  const nodes: NewNode[] = [
    ...atoms.map(atomNode),
    ...models.map((row) => modelNode(row, [])),
    ...principals.map(({ id, name }): NewNode => ({
      id,
      revision: 1,
      kind: 'principal',
      content: { id, name },
      edges: [],
    })),
  ];
  await seal(context, nodes);
  return nodes.length > 0;
}

interface HeldAtom {
  id: string;
  hash: Buffer;
  originId: string | null;
  originRevision: number | null;
}

const atomNode = ({ id, hash, originId, originRevision }: HeldAtom): NewNode => ({
  id,
  revision: 1,
  kind: 'atom',
  content: { contentHash: hash.toString('hex') },
  edges:
    originId === null
      ? []
      : [{ type: 'derived-from', parent: { id: originId, revision: originRevision ?? 1 } }],
});

export const modelNode = (row: ModelRecord, more: Edge[]): NewNode => ({
  id: row.id,
  revision: 1,
  kind: 'model',
  content: modelContent(row),
  edges: [
    ...(row.parentId === null
      ? []
      : [{ type: 'derived-from' as const, parent: { id: row.parentId, revision: 1 } }]),
    ...more,
  ],
});
