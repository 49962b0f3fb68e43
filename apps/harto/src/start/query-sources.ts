import type { Store } from '@hartonomous/store';
import type { QuerySource } from './mine-queries.js';

const pageRows = 1_000;
/** Enough for thousands of distinct queries; a larger corpus is represented by its first places. */
const sourcesMax = 20_000;

/** The tenant's places with their text, in path order: the same corpus gives the same list. */
export async function readQuerySources(store: Store, tenantId: string): Promise<QuerySource[]> {
  const sources: QuerySource[] = [];
  let after: { path: string; lineStart: number } | null = null;
  while (sources.length < sourcesMax) {
    const page: QuerySource[] = await store.withTenant(tenantId, async (tx) => {
      const rows = await tx.atoms.listSources(after, pageRows);
      const last = rows.at(-1);
      after = last ? { path: last.path, lineStart: last.lineStart } : after;
      const texts = new Map(
        (await tx.atoms.read([...new Set(rows.map((row) => row.atomId))])).map((atom) => [
          atom.id,
          atom.text,
        ]),
      );
      return rows.map(({ path, symbol, heading, language, kind, atomId }) => ({
        path,
        symbol,
        heading,
        language,
        kind,
        text: texts.get(atomId) ?? '',
      }));
    });
    sources.push(...page);
    if (page.length < pageRows) break;
  }
  return sources;
}
