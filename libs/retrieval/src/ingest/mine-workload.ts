import type { MinedQuery } from '@hartonomous/corpus';
import { mineQueries } from '@hartonomous/corpus';
import type { AtomSource, Store } from '@hartonomous/store';
import { allSources } from '../map/relate-atoms.js';

const PAGE = 1_000;

export interface MineOptions {
  store: Store;
  tenantId: string;
  /** Most queries; default 50,000. */
  limit?: number;
}

/** Queries that the stored atoms themselves suggest, in path and line order: names, doc comments, headings. */
export async function mineWorkload({ store, tenantId, limit = 50_000 }: MineOptions): Promise<MinedQuery[]> {
  const found: MinedQuery[] = [];
  let page: AtomSource[] = [];
  const mine = async (): Promise<void> => {
    const atoms = await store.withTenant(tenantId, (tx) => tx.atoms.read(page.map(({ atomId }) => atomId)));
    const texts = new Map(atoms.map(({ id, text }) => [id, text]));
    for (const source of page) found.push(...mineQueries({ ...source, text: texts.get(source.atomId) }));
    page = [];
  };
  for await (const source of allSources(store, tenantId)) {
    if (source.symbol !== null || source.heading !== null) page.push(source);
    if (page.length >= PAGE) await mine();
    if (found.length >= limit) break;
  }
  if (page.length > 0) await mine();
  return found.slice(0, limit);
}
