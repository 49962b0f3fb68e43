import type { NodeKey, ProvenanceGraph, ProvenanceKind, ProvenanceNode } from '@hartonomous/store';

/** PROV-JSON (W3C Member Submission, 24 April 2013): records by type, each under its identifier. */
export type ProvDocument = Record<string, Record<string, unknown>>;

const classOf: Record<ProvenanceKind, 'entity' | 'activity' | 'agent'> = {
  source: 'entity',
  atom: 'entity',
  model: 'entity',
  snapshot: 'entity',
  request: 'activity',
  action: 'activity',
  computation: 'activity',
  principal: 'agent',
};

const namespace = 'urn:hartonomous:';

/** Qualified name; the colon after the prefix is the only one. */
const nameOf = (node: NodeKey & { kind: ProvenanceKind }): string =>
  `harto:${node.kind}/${node.id}/${node.revision}`;

export function provDocument(graph: ProvenanceGraph): ProvDocument {
  const document: ProvDocument = { prefix: { harto: namespace, xsd: 'http://www.w3.org/2001/XMLSchema#' } };
  const nodes = new Map(graph.nodes.map((node) => [`${node.id} ${node.revision}`, node]));
  for (const node of graph.nodes) (document[classOf[node.kind]] ??= {})[nameOf(node)] = attributesOf(node);
  let relation = 0;
  for (const edge of graph.edges) {
    const from = nodes.get(`${edge.node.id} ${edge.node.revision}`);
    const to = nodes.get(`${edge.parent.id} ${edge.parent.revision}`);
    // A parent that is unknown cannot be named by its kind; the hash of its child says that it was there.
    if (!from || !to) continue;
    const [type, record] = relationOf(edge.type, from, to);
    (document[type] ??= {})[`_:r${++relation}`] = record;
  }
  return document;
}

function attributesOf(node: ProvenanceNode): Record<string, unknown> {
  const at = node.createdAt.toISOString();
  const typed = (value: string, type: string) => ({ $: value, type });
  return {
    'prov:type': typed(`harto:${node.kind}`, 'xsd:QName'),
    'harto:hash': node.hash,
    'harto:contentHash': node.contentHash,
    'harto:sealedAt': typed(at, 'xsd:dateTime'),
    ...(classOf[node.kind] === 'activity' ? { 'prov:endTime': at } : {}),
    ...(node.kind === 'source' && node.document ? { 'prov:label': String(node.document['path']) } : {}),
    ...(node.releasedAt ? { 'harto:releasedAt': typed(node.releasedAt.toISOString(), 'xsd:dateTime') } : {}),
  };
}

type Relation = [type: string, record: Record<string, unknown>];

function relationOf(type: string, from: ProvenanceNode, to: ProvenanceNode): Relation {
  const [a, b] = [nameOf(from), nameOf(to)];
  const [x, y] = [classOf[from.kind], classOf[to.kind]];
  const kind = { 'harto:edge': type };
  if (y === 'agent') {
    const role = { 'prov:role': type === 'approved-by' ? 'approver' : type };
    return x === 'activity'
      ? ['wasAssociatedWith', { 'prov:activity': a, 'prov:agent': b, ...role }]
      : ['wasAttributedTo', { 'prov:entity': a, 'prov:agent': b, ...role }];
  }
  if (x === 'activity') {
    return y === 'entity'
      ? ['used', { 'prov:activity': a, 'prov:entity': b, ...kind }]
      : ['wasInformedBy', { 'prov:informed': a, 'prov:informant': b, ...kind }];
  }
  if (y === 'activity') return ['wasGeneratedBy', { 'prov:entity': a, 'prov:activity': b, ...kind }];
  const revision = type === 'superseded-by' ? { 'prov:type': { $: 'prov:Revision', type: 'xsd:QName' } } : {};
  return ['wasDerivedFrom', { 'prov:generatedEntity': a, 'prov:usedEntity': b, ...revision, ...kind }];
}
