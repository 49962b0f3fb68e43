import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AtomSource, Store } from '@hartonomous/store';
import { SERVING_ALIAS } from '../search/model-reference.js';
import { allSources } from '../map/relate-atoms.js';

/** Packages whose sources are copied: a copy, because the tree may change while tests run. */
const packages = ['contracts', 'corpus', 'geometry', 'loop', 'numerics'];

/** A source tree of real code, and a few documents, below `folder`. */
export function copyTestCorpus(folder: string): string {
  const libs = join(import.meta.dirname, '../../..');
  const root = join(folder, 'corpus');
  for (const name of packages) {
    cpSync(join(libs, name, 'src'), join(root, name), {
      recursive: true,
      filter: (path) => !/\.spec\.ts$|\/(?:testing|bench|wasm)$/.test(path),
    });
  }
  mkdirSync(join(root, 'docs'));
  const sections = ['Starting', 'Stopping', 'Renewing leases', 'Reading the evidence'];
  writeFileSync(
    join(root, 'docs/guide.md'),
    sections
      .map((title, i) => `# ${title}\n\nChapter ${i} about ${title.toLowerCase()}; see ../corpus/terms.ts.\n`)
      .join('\n'),
  );
  return root;
}

/** Everything that a tenant's corpus says, without ids: equal for equal corpora in any store. */
export async function describeCorpus(store: Store, tenantId: string): Promise<string[]> {
  const lines: string[] = [];
  const sources: AtomSource[] = [];
  for await (const source of allSources(store, tenantId)) sources.push(source);
  await store.withTenant(tenantId, async (tx) => {
    const ids = [...new Set(sources.map(({ atomId }) => atomId))];
    const model = await tx.models.resolve(SERVING_ALIAS);
    const places = model === null ? [] : await tx.map.positions(model.id, ids);
    const placeOf = new Map(places.map((place) => [place.atomId, place]));
    const hashOf = new Map(
      (await tx.atoms.read(ids)).map(({ id, contentHash }) => [id, contentHash.toString('hex')]),
    );
    for (const { atomId, path, symbol, heading, kind, lineStart, lineEnd } of sources) {
      const place = placeOf.get(atomId);
      const at = place === undefined ? 'nowhere' : `${place.x} ${place.y} ${place.z} ${place.hilbert}`;
      lines.push(
        `${path}:${lineStart}-${lineEnd} ${kind} ${symbol ?? heading} ${hashOf.get(atomId)} at ${at}`,
      );
    }
  });
  return lines;
}
