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

/** Text is its own canonical form. */
export const contentHash = (content: unknown): Buffer =>
  sha256(typeof content === 'string' ? content : canonicalJson(content));

/** Edges in the order of their text, which is the same on each engine, and the SHA-256 of that text. */
export function sealedEdges(edges: readonly Edge[]): { ordered: readonly Edge[]; hash: Buffer } {
  if (edges.length === 0) return { ordered: edges, hash: noEdges };
  const texts = edges.map((edge) => ({ edge, text: edgeText(edge) }));
  texts.sort((a, b) => (a.text < b.text ? -1 : 1));
  return { ordered: texts.map((t) => t.edge), hash: sha256(texts.map((t) => t.text).join('\n')) };
}

const noEdges = sha256('');

/** A later state of a thing supersedes the one before; that edge is not stored. Actions are numbered from 0. */
export function supersededBy({ id, revision, kind }: NodeKey & { kind: ProvenanceKind }): Edge | null {
  if (revision <= (kind === 'action' ? 0 : 1)) return null;
  return { type: 'superseded-by', parent: { id, revision: revision - 1 } };
}

export const keyText = ({ id, revision }: NodeKey): string => `${id} ${revision}`;

/**
 * SHA-256 over ASCII lines: "hartonomous-node 1", kind, id and revision, content hash, edges hash, and the hashes of the
 * parents in the order of the edges.
 */
export function nodeHash(
  node: NodeKey & { kind: ProvenanceKind },
  content: Buffer,
  edges: ReturnType<typeof sealedEdges>,
  hashOf: (parent: NodeKey) => string,
): Buffer {
  const lines = [
    'hartonomous-node 1',
    `${node.kind} ${keyText(node)}`,
    content.toString('hex'),
    edges.hash.toString('hex'),
    ...edges.ordered.map(({ parent }) => hashOf(parent)),
  ];
  return sha256(lines.join('\n'));
}
