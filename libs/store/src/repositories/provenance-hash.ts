import { hash } from 'node:crypto';
import { canonicalJson } from '@hartonomous/contracts';
import type { EdgeType, NodeKey, ProvenanceKind } from '../port/provenance.js';

// Requests are sealed by the thousand: text is joined by hand and hashed in one call, since what costs here is garbage.
const sha256 = (text: string): Buffer => hash('sha256', text, 'buffer');

/** Stands for a parent that was unknown when its child was sealed. */
export const unknownHash = '0'.repeat(64);

export interface Edge {
  type: EdgeType;
  parent: NodeKey;
}

/** Text is its own canonical form. */
export const contentHash = (content: unknown): Buffer =>
  sha256(typeof content === 'string' ? content : canonicalJson(content));

const inOrder = (a: Edge, b: Edge): number => {
  if (a.type !== b.type) return a.type < b.type ? -1 : 1;
  if (a.parent.id !== b.parent.id) return a.parent.id < b.parent.id ? -1 : 1;
  return a.parent.revision - b.parent.revision;
};

/** Edges by type, id and state, and the SHA-256 over `<type> <id> <state>` lines. */
export function sealedEdges(edges: readonly Edge[]): { ordered: readonly Edge[]; hash: Buffer } {
  if (edges.length === 0) return { ordered: edges, hash: noEdges };
  const ordered = [...edges].sort(inOrder);
  let text = '';
  for (const { type, parent } of ordered) text += `${type} ${parent.id} ${parent.revision}\n`;
  return { ordered, hash: sha256(text) };
}

const noEdges = sha256('');

/** A later state of a thing supersedes the one before; that edge is not stored. Actions are numbered from 0. */
export function supersededBy({ id, revision, kind }: NodeKey & { kind: ProvenanceKind }): Edge | null {
  if (revision <= (kind === 'action' ? 0 : 1)) return null;
  return { type: 'superseded-by', parent: { id, revision: revision - 1 } };
}

/** Key of maps; most things have one state only. */
export const keyText = ({ id, revision }: NodeKey): string => (revision === 1 ? id : `${id} ${revision}`);

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
  let text = `hartonomous-node 1\n${node.kind} ${node.id} ${node.revision}\n`;
  text += `${content.toString('hex')}\n${edges.hash.toString('hex')}\n`;
  for (const { parent } of edges.ordered) text += `${hashOf(parent)}\n`;
  return sha256(text);
}
