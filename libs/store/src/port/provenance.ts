export const provenanceKinds = [
  'source',
  'atom',
  'model',
  'snapshot',
  'request',
  'action',
  'computation',
  'principal',
] as const;
export type ProvenanceKind = (typeof provenanceKinds)[number];

/** `superseded-by` reads backwards: the parent was superseded by the node. All others read from node to parent. */
export type EdgeType = 'derived-from' | 'used' | 'produced-by' | 'approved-by' | 'superseded-by';

/** A state of a thing; states are numbered, and final once sealed. */
export interface NodeKey {
  id: string;
  revision: number;
}

export interface ProvenanceNode extends NodeKey {
  kind: ProvenanceKind;
  /** Hex SHA-256 of the canonical content. */
  contentHash: string;
  /** Covers kind, key, content, edges and the parents' hashes. */
  hash: string;
  /** Canonical content, where the node keeps it because the thing's own row moves on. */
  document: Record<string, unknown> | null;
  /** Since when the tenant no longer holds the thing. */
  releasedAt: Date | null;
  createdAt: Date;
}

export interface ProvenanceEdge {
  node: NodeKey;
  type: EdgeType;
  parent: NodeKey;
}

export interface ProvenanceGraph {
  root: NodeKey;
  /** Sources first: every node stands after its parents. */
  nodes: ProvenanceNode[];
  edges: ProvenanceEdge[];
}

/**
 * What is wrong with a link: its content is not what was sealed, an edge was changed, added or taken away, a parent is
 * gone, the thing is gone, or the node's own hash was changed.
 */
export type BrokenReason = 'content' | 'edges' | 'parent-missing' | 'thing-missing' | 'hash';

export interface BrokenLink extends NodeKey {
  kind: ProvenanceKind;
  reason: BrokenReason;
  /** For people: what does not fit. */
  detail: string;
}

export interface ProvenanceReport extends NodeKey {
  kind: ProvenanceKind;
  hash: string;
  nodes: number;
  edges: number;
  /** The link nearest to the sources that does not hold. */
  broken: BrokenLink | null;
  /** Nodes whose content cannot be recomputed for a known reason: released, superseded, running again. */
  notRecomputed: number;
  /** Parents that were unknown when their child was sealed. */
  unknownParents: number;
}

export interface ProvenanceRepository {
  /** The newest state of a thing and everything below it. Null when the id has no node and none can be sealed. */
  graph(id: string): Promise<ProvenanceGraph | null>;
  /** Recomputes all hashes from the rows, sources first, up to this thing's newest state. */
  verify(id: string): Promise<ProvenanceReport | null>;
}
