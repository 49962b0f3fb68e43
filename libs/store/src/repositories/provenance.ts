import type {
  BrokenLink,
  NodeKey,
  ProvenanceGraph,
  ProvenanceReport,
  ProvenanceRepository,
} from '../port/provenance.js';
import type { TenantContext } from './context.js';
import { contentHash, keyText, nodeHash, sealedEdges, unknownHash, type Edge } from './provenance-hash.js';
import { loadGraph, sourcesFirst, type StoredGraph, type StoredNode } from './provenance-graph.js';
import { recompute, type Recomputed } from './provenance-recompute.js';
import { sealKnown } from './provenance-seal.js';

export function provenanceRepository(context: TenantContext): ProvenanceRepository {
  return {
    async graph(id) {
      const graph = await known(context, id);
      return graph && shown(graph);
    },
    async verify(id) {
      const graph = await known(context, id);
      return graph && verified(context, graph);
    },
  };
}

/** What was never sealed, but may be by now: an atom that came without a file, a model older than its provenance. */
async function known(context: TenantContext, id: string): Promise<StoredGraph | null> {
  const wanted = id.toLowerCase();
  const graph = await loadGraph(context, wanted);
  if (graph !== null || !(await sealKnown(context, [wanted]))) return graph;
  return loadGraph(context, wanted);
}

function shown(graph: StoredGraph): ProvenanceGraph {
  const nodes = sourcesFirst(graph);
  const edges = nodes.flatMap((node) =>
    (graph.edges.get(keyText(node)) ?? []).map(({ type, parent }) => ({
      node: { id: node.id, revision: node.revision },
      type,
      parent,
    })),
  );
  return {
    root: { id: graph.root.id, revision: graph.root.revision },
    nodes: nodes.map(({ edgesHash: _edges, ...node }) => node),
    edges,
  };
}

async function verified(context: TenantContext, graph: StoredGraph): Promise<ProvenanceReport> {
  const nodes = sourcesFirst(graph);
  const newest = await newestRevisions(context, nodes);
  const contents = await recompute(context, nodes, (node) => newest.get(node.id) === node.revision);
  const root = graph.nodes.get(keyText(graph.root))!;
  const report: ProvenanceReport = {
    id: root.id,
    revision: root.revision,
    kind: root.kind,
    hash: root.hash,
    nodes: nodes.length,
    edges: [...graph.edges.values()].reduce((sum, list) => sum + list.length, 0),
    broken: null,
    notRecomputed: 0,
    unknownParents: 0,
  };
  for (const node of nodes) {
    const content = contents.get(keyText(node)) ?? 'missing';
    if (content === 'not-recomputed') report.notRecomputed++;
    const edges = graph.edges.get(keyText(node)) ?? [];
    report.unknownParents += edges.filter(({ parent }) => !graph.nodes.has(keyText(parent))).length;
    report.broken ??= flawOf(graph, node, edges, content);
  }
  return report;
}

/** What does not hold at this node, its parents given; the nearest cause first. */
function flawOf(graph: StoredGraph, node: StoredNode, edges: Edge[], found: Recomputed): BrokenLink | null {
  const { id, revision, kind } = node;
  const broken = (reason: BrokenLink['reason'], detail: string): BrokenLink => ({
    id,
    revision,
    kind,
    reason,
    detail,
  });
  if (found === 'missing') return broken('thing-missing', `the ${kind} itself is gone`);
  const content =
    found === 'not-recomputed' ? Buffer.from(node.contentHash, 'hex') : contentHash(found.content);
  if (content.toString('hex') !== node.contentHash) {
    return broken('content', `the ${kind}'s rows are not what was sealed`);
  }
  const sealed = sealedEdges(edges);
  if (sealed.hash.toString('hex') !== node.edgesHash) {
    return broken('edges', `${edges.length} edges, and not the ones that were sealed`);
  }
  const hashOf = (parent: NodeKey): string => graph.nodes.get(keyText(parent))?.hash ?? unknownHash;
  // A parent that got its node only later was unknown when this one was sealed.
  const hashThen = (parent: NodeKey): string =>
    (graph.nodes.get(keyText(parent))?.createdAt ?? 0) > node.createdAt ? unknownHash : hashOf(parent);
  const fits = [hashOf, hashThen].some(
    (of) => nodeHash(node, content, sealed, of).toString('hex') === node.hash,
  );
  if (fits) return null;
  const absent = edges.find(({ parent }) => !graph.nodes.has(keyText(parent)));
  return absent
    ? broken('parent-missing', `${absent.type} ${absent.parent.id}, whose node is gone`)
    : broken('hash', 'content, edges and parents do not give the hash that stands here');
}

async function newestRevisions(
  { tenantId, db, sql }: TenantContext,
  nodes: StoredNode[],
): Promise<Map<string, number>> {
  const numbered = new Set(['source', 'action', 'computation']);
  const ids = [...new Set(nodes.filter((node) => numbered.has(node.kind)).map((node) => node.id))];
  if (ids.length === 0) return new Map();
  const params: unknown[] = [tenantId];
  const rows = await db.rows<NodeKey>(
    `select id as "id", max(revision) as "revision" from provenance_node
     where tenant_id = $1 and ${sql.anyOf('id', 'uuid', ids, params)} group by id`,
    params,
  );
  return new Map(rows.map((row) => [row.id, row.revision]));
}
