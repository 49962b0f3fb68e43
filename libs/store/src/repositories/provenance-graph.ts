import { HartoError } from '@hartonomous/contracts';
import type {
  EdgeType,
  NodeKey,
  ProvenanceEdge,
  ProvenanceKind,
  ProvenanceNode,
} from '../port/provenance.js';
import type { TenantContext } from './context.js';
import { keyText, sealedEdges, supersededBy, type Edge } from './provenance-hash.js';

/** Nodes of one graph: what a verification holds in memory. */
const nodesMax = 100_000;
const pageIds = 5_000;

export interface StoredNode extends ProvenanceNode {
  edgesHash: string;
}

/** A thing's newest state and everything below it, as stored; nothing is checked. */
export interface StoredGraph {
  root: NodeKey;
  nodes: Map<string, StoredNode>;
  /** By the key of their node, in their order. */
  edges: Map<string, Edge[]>;
}

interface NodeRecord extends NodeKey {
  kind: ProvenanceKind;
  content: Buffer;
  edges: Buffer;
  hash: Buffer;
  document: string | null;
  releasedAt: Date | null;
  createdAt: Date;
}

const nodeFields = `n.id as "id", n.revision as "revision", n.kind as "kind", n.content_hash as "content",
  n.edges_hash as "edges", n.hash as "hash", n.document as "document", n.released_at as "releasedAt",
  n.created_at as "createdAt"`;

const readNode = (r: NodeRecord): StoredNode => ({
  id: r.id,
  revision: r.revision,
  kind: r.kind,
  contentHash: r.content.toString('hex'),
  edgesHash: r.edges.toString('hex'),
  hash: r.hash.toString('hex'),
  document: r.document === null ? null : (JSON.parse(r.document) as Record<string, unknown>),
  releasedAt: r.releasedAt,
  createdAt: r.createdAt,
});

/** Null when the id has no node. @throws HartoError INPUT_TOO_LARGE */
export async function loadGraph(context: TenantContext, id: string): Promise<StoredGraph | null> {
  const { tenantId, db } = context;
  const [newest] = await db.rows<NodeRecord>(
    `select ${nodeFields} from provenance_node n where n.tenant_id = $1 and n.id = $2
     order by n.revision desc offset 0 rows fetch next 1 rows only`,
    [tenantId, id],
  );
  if (!newest) return null;
  const root = readNode(newest);
  const graph: StoredGraph = { root, nodes: new Map([[keyText(root), root]]), edges: new Map() };
  const asked = new Set<string>([keyText(root)]);
  for (let level = [root]; level.length > 0;) {
    const edges = await edgesOf(context, level);
    const wanted = new Map<string, NodeKey>();
    for (const { node, type, parent } of edges) {
      const key = keyText(node);
      const list = graph.edges.get(key);
      if (list) list.push({ type, parent });
      else graph.edges.set(key, [{ type, parent }]);
      if (!asked.has(keyText(parent))) wanted.set(keyText(parent), parent);
    }
    for (const key of wanted.keys()) asked.add(key);
    level = await readNodes(context, [...wanted.values()]);
    for (const node of level) graph.nodes.set(keyText(node), node);
    if (asked.size > nodesMax) {
      throw new HartoError('INPUT_TOO_LARGE', `the provenance of ${id} has more than ${nodesMax} nodes`);
    }
  }
  for (const [key, list] of graph.edges) graph.edges.set(key, [...sealedEdges(list).ordered]);
  return graph;
}

async function readNodes({ tenantId, db, sql }: TenantContext, keys: NodeKey[]): Promise<StoredNode[]> {
  const wanted = new Set(keys.map(keyText));
  const ids = [...new Set(keys.map((key) => key.id))];
  const nodes: StoredNode[] = [];
  for (let i = 0; i < ids.length; i += pageIds) {
    const params: unknown[] = [tenantId];
    const ofIds = sql.anyOf('n.id', 'uuid', ids.slice(i, i + pageIds), params);
    const rows = await db.rows<NodeRecord>(
      `select ${nodeFields} from provenance_node n where n.tenant_id = $1 and ${ofIds}`,
      params,
    );
    nodes.push(...rows.filter((row) => wanted.has(keyText(row))).map(readNode));
  }
  return nodes;
}

interface EdgeRecord {
  nodeId: string;
  nodeRevision: number;
  type: EdgeType;
  parentId: string;
  parentRevision: number;
}

/** Stored edges, those that the numbers of states imply, and for requests those that stand in their steps. */
async function edgesOf({ tenantId, db, sql }: TenantContext, nodes: StoredNode[]): Promise<ProvenanceEdge[]> {
  const wanted = new Set(nodes.map(keyText));
  const found: ProvenanceEdge[] = nodes.flatMap((node) => {
    const before = supersededBy(node);
    return before ? [{ node: { id: node.id, revision: node.revision }, ...before }] : [];
  });
  const add = (rows: EdgeRecord[]) => {
    for (const r of rows) {
      const node = { id: r.nodeId, revision: r.nodeRevision };
      if (!wanted.has(keyText(node))) continue;
      found.push({ node, type: r.type, parent: { id: r.parentId, revision: r.parentRevision } });
    }
  };
  const read = async (text: string, column: string, ids: string[]) => {
    for (let i = 0; i < ids.length; i += pageIds) {
      const params: unknown[] = [tenantId];
      const ofIds = sql.anyOf(column, 'uuid', ids.slice(i, i + pageIds), params);
      add(await db.rows<EdgeRecord>(`${text} and ${ofIds}`, params));
    }
  };
  await read(
    `select node_id as "nodeId", node_revision as "nodeRevision", edge_type as "type", parent_id as "parentId",
       parent_revision as "parentRevision" from provenance_edge where tenant_id = $1`,
    'node_id',
    [...new Set(nodes.map((node) => node.id))],
  );
  const requests = nodes.filter((node) => node.kind === 'request').map((node) => node.id);
  await read(
    `select distinct request_id as "nodeId", 1 as "nodeRevision", 'used' as "type", atom_id as "parentId",
       1 as "parentRevision" from inference_step where tenant_id = $1`,
    'request_id',
    requests,
  );
  await read(
    `select id as "nodeId", 1 as "nodeRevision", 'produced-by' as "type", model_id as "parentId",
       1 as "parentRevision" from inference_request where tenant_id = $1`,
    'id',
    requests,
  );
  return found;
}

/** Keys of all nodes, each after its parents; the same order for the same graph. A circle is cut where it closes. */
export function sourcesFirst(graph: StoredGraph): StoredNode[] {
  const order: StoredNode[] = [];
  const seen = new Set<string>();
  const start = keyText(graph.root);
  seen.add(start);
  const stack: { key: string; next: number }[] = [{ key: start, next: 0 }];
  while (stack.length > 0) {
    const top = stack[stack.length - 1];
    const edge = graph.edges.get(top.key)?.[top.next++];
    if (edge === undefined) {
      order.push(graph.nodes.get(top.key)!);
      stack.pop();
      continue;
    }
    const key = keyText(edge.parent);
    if (seen.has(key) || !graph.nodes.has(key)) continue;
    seen.add(key);
    stack.push({ key, next: 0 });
  }
  return order;
}
