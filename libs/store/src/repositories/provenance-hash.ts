import { createHash } from 'node:crypto';
import { canonicalJson } from '@hartonomous/contracts';
import type { EdgeType, NodeKey, ProvenanceKind } from '../port/provenance.js';

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Stands for a parent that was unknown when its child was sealed. */
export const unknownHash = '0'.repeat(64);

export interface Edge {
  type: EdgeType;
  parent: NodeKey;
}

const edgeText = ({ type, parent }: Edge): string => `${type} ${parent.id} ${parent.revision}`;

/** In the order of their text, which is the same on each engine. */
export const sortedEdges = (edges: Iterable<Edge>): Edge[] =>
  [...edges].sort((a, b) => (edgeText(a) < edgeText(b) ? -1 : 1));

export const contentHash = (content: unknown): Buffer => sha256(canonicalJson(content));

export const edgesHash = (edges: Edge[]): Buffer => sha256(sortedEdges(edges).map(edgeText).join('\n'));

export const keyText = ({ id, revision }: NodeKey): string => `${id} ${revision}`;

/**
 * SHA-256 over ASCII lines: "hartonomous-node 1", kind, id and revision, content hash, edges hash, and the hashes of the
 * parents in the order of the edges.
 */
export function nodeHash(
  node: NodeKey & { kind: ProvenanceKind },
  content: Buffer,
  edges: Edge[],
  hashOf: (parent: NodeKey) => string,
): Buffer {
  const lines = [
    'hartonomous-node 1',
    `${node.kind} ${keyText(node)}`,
    content.toString('hex'),
    edgesHash(edges).toString('hex'),
    ...sortedEdges(edges).map(({ parent }) => hashOf(parent)),
  ];
  return sha256(lines.join('\n'));
}
