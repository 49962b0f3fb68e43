import type { AtomSource, CodeShape, Store, TenantTransaction } from '@hartonomous/store';
import { shapeOf } from './code-shape.js';

/** A smaller piece of code is too short to be a duplicate that matters. */
export const shapedBytesMin = 240;
const batchAtoms = 500;
/** Shapes a cycle: 4 MB of code, about a second. A larger corpus is caught up with over the next cycles. */
const batchesMax = 8;
const shapedSetting = 'analyze.code-shaped';

/**
 * Gives code atoms that have no shape theirs, batch by batch, each its own transaction; what is done stays, so that a
 * repeated message goes on. A corpus version that was seen whole is not looked at again.
 */
export async function shapeCorpus(store: Store, tenantId: string): Promise<void> {
  const known = await store.withTenant(tenantId, async (tx) => ({
    version: String(await tx.ingestion.corpusVersion()),
    shaped: await tx.settings.get(shapedSetting),
  }));
  if (known.shaped === known.version) return;
  for (let batch = 0; batch < batchesMax; batch++) {
    const atoms = await store.withTenant(tenantId, shapeBatch);
    if (atoms === batchAtoms) continue;
    await store.withTenant(tenantId, (tx) => tx.settings.set(shapedSetting, known.version, 'analyze'));
    return;
  }
}

async function shapeBatch(tx: TenantTransaction): Promise<number> {
  const ids = await tx.code.unshaped(shapedBytesMin, batchAtoms);
  const sources = new Map<string, AtomSource>();
  for (const source of await tx.atoms.sources(ids)) {
    if (!sources.has(source.atomId)) sources.set(source.atomId, source);
  }
  const shapes = (await tx.atoms.read(ids)).map((atom): CodeShape => {
    const source = sources.get(atom.id);
    const language = source?.language ?? 'unknown';
    return {
      atomId: atom.id,
      path: source?.path.slice(0, 600) || '(no file)',
      symbol:
        (source?.symbol ?? source?.heading ?? `line ${source?.lineStart ?? 1}`).slice(0, 400) || '(none)',
      language,
      ...shapeOf(atom.text, language),
    };
  });
  await tx.code.put(shapes);
  return ids.length;
}
