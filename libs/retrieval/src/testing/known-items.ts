import type { MinedQuery } from '@hartonomous/corpus';
import type { Rng } from '@hartonomous/numerics';
import { createRng, drawInteger, sampleIndices } from '@hartonomous/numerics';
import type { Store } from '@hartonomous/store';
import { mineWorkload } from '../ingest/mine-workload.js';
import type { SearchService } from '../search/create-search.js';
import { SERVING_ALIAS } from '../search/model-reference.js';
import type { Fusion } from '../search/fusion.js';

/** A query and the atom it was made of. */
export interface KnownItem {
  query: string;
  /** The query was given a typing error: two letters swapped, or the end of its longest word cut off. */
  noisy: boolean;
  made: MinedQuery;
}

/**
 * Queries whose answer is known: half of them as mined, half with a typing error. Names that several places define are
 * left out.
 */
export async function knownItems(
  store: Store,
  tenantId: string,
  size: number,
  seed: number,
): Promise<KnownItem[]> {
  const mined = await mineWorkload({ store, tenantId, limit: 1_000_000 });
  const uses = new Map<string, Set<string>>();
  for (const { query, path, symbol, heading } of mined) {
    const places = uses.get(query) ?? new Set<string>();
    uses.set(query, places.add(`${path}#${symbol ?? heading}`));
  }
  const unique = mined.filter(({ query }) => uses.get(query)?.size === 1);
  const rng = createRng(seed);
  const chosen = sampleIndices(rng, unique.length, Math.min(size, unique.length));
  return [...chosen].map((index, i) => {
    const made = unique[index];
    return i % 2 === 0
      ? { query: made.query, noisy: false, made }
      : { query: mistype(made.query, rng), noisy: true, made };
  });
}

/** Shorter words are left as they are. */
const MISTYPED_CHARS_MIN = 6;

function mistype(query: string, rng: Rng): string {
  const words = query.split(' ');
  const at = words.reduce((best, word, i) => (word.length > words[best].length ? i : best), 0);
  const word = words[at];
  if (word.length < MISTYPED_CHARS_MIN) return query;
  const k = 1 + drawInteger(rng, word.length - 3);
  const swapped = word.slice(0, k) + word[k + 1] + word[k] + word.slice(k + 2);
  words[at] = rng() < 0.5 ? swapped : word.slice(0, Math.max(MISTYPED_CHARS_MIN - 1, word.length - 3));
  return words.join(' ');
}

/** Mean reciprocal rank at 10 of the known answers, by kind of query and over all. */
export async function reciprocalRanks(
  search: SearchService,
  store: Store,
  tenantId: string,
  items: readonly KnownItem[],
  fusion: Fusion,
): Promise<Record<string, number>> {
  const sums = new Map<string, { sum: number; count: number }>();
  await store.withTenant(tenantId, async (tx) => {
    const model = (await tx.models.resolve(SERVING_ALIAS)) ?? (await tx.models.ensureNative());
    const corpusVersion = await tx.ingestion.corpusVersion();
    for (const { query, noisy, made } of items) {
      const request = { query: query.slice(0, 1000), limit: 10 };
      const { hits } = await search.search(tx, request, { model, corpusVersion, fresh: true, fusion });
      const name = made.symbol ?? made.heading;
      const at = hits.findIndex((hit) => hit.path === made.path && hit.symbol === name);
      for (const key of ['all', `${made.source}/${noisy ? 'mistyped' : made.form}`]) {
        const total = sums.get(key) ?? { sum: 0, count: 0 };
        sums.set(key, { sum: total.sum + (at < 0 ? 0 : 1 / (at + 1)), count: total.count + 1 });
      }
    }
  });
  return Object.fromEntries([...sums].map(([key, { sum, count }]) => [key, sum / count]));
}
