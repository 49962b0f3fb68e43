import { ReferenceIndex } from '@hartonomous/corpus';
import type { AtomSource, Store } from '@hartonomous/store';
import type { ReferenceEdges } from './importance.js';

/** The tenant's atoms in the order of their first place in the source trees, and who refers to whom. */
export interface RelatedAtoms {
  atomIds: string[];
  /** Content hash of each atom, hexadecimal. */
  hashes: string[];
  edges: ReferenceEdges;
}

const PAGE = 2_000;

interface RelateOptions {
  store: Store;
  tenantId: string;
  /** The relations are also written to the store, in pages. */
  onPage?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/**
 * Reads every atom once, in pages, finds its references and stores them as relations. The order of atoms and edges
 * comes from paths and lines alone, so equal corpora give equal graphs in any store. Memory: ids, hashes and edges.
 */
export async function relateAtoms(options: RelateOptions): Promise<RelatedAtoms> {
  const { store, tenantId, onPage, signal } = options;
  const index = new ReferenceIndex();
  const nodeOf = new Map<string, number>();
  const paths: string[] = [];
  for await (const source of allSources(store, tenantId, signal)) {
    let node = nodeOf.get(source.atomId);
    if (node === undefined) {
      node = paths.push(source.path) - 1;
      nodeOf.set(source.atomId, node);
    }
    index.define(node, source);
  }
  const atomIds = [...nodeOf.keys()];
  const hashes: string[] = new Array(atomIds.length).fill('');
  const edges: ReferenceEdges = { nodes: atomIds.length, sources: [], targets: [], weights: [] };
  for (let from = 0; from < atomIds.length; from += PAGE) {
    signal?.throwIfAborted();
    const ids = atomIds.slice(from, from + PAGE);
    await store.withTenant(tenantId, async (tx) => {
      const texts = new Map((await tx.atoms.read(ids)).map((atom) => [atom.id, atom]));
      const first = edges.sources.length;
      ids.forEach((id, i) => {
        const atom = texts.get(id);
        if (atom === undefined) return;
        const node = from + i;
        hashes[node] = atom.contentHash.toString('hex');
        for (const { target, weight } of index.referencesOf(node, atom.text, paths[node])) {
          edges.sources.push(node);
          edges.targets.push(target);
          edges.weights.push(weight);
        }
      });
      const rows = edges.sources.slice(first).map((node, i) => ({
        source: atomIds[node],
        target: atomIds[edges.targets[first + i]],
        type: 'refers-to',
        weight: edges.weights[first + i],
      }));
      await tx.corpus.putRelations(rows);
    });
    onPage?.(Math.min(from + PAGE, atomIds.length), atomIds.length);
  }
  return { atomIds, hashes, edges };
}

/** All regions of the tenant by path and line, a page at a time. */
export async function* allSources(
  store: Store,
  tenantId: string,
  signal?: AbortSignal,
): AsyncGenerator<AtomSource> {
  let after: { path: string; lineStart: number } | null = null;
  for (;;) {
    signal?.throwIfAborted();
    const page: AtomSource[] = await store.withTenant(tenantId, (tx) => tx.atoms.listSources(after, PAGE));
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = { path: last.path, lineStart: last.lineStart };
  }
}
