import { describe, expect, it } from '@jest/globals';
import type { TenantTransaction } from '../port/store.js';
import { contractStore, type EngineFixture } from './fixture.js';
import { atomOf, embeddingModel, fileOf } from './samples.js';

const steps = 40;
const contents = 12;
const paths = 5;
const seed = 20_261_123;

/** Small seeded generator (Park and Miller). */
function seeded(start: number): () => number {
  let state = start;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

type Step = (tx: TenantTransaction) => Promise<unknown>;

/** A file of a few of the contents, some of them twice; or one that goes; or contents taken up without a file. */
function randomStep(random: () => number): Step {
  const below = (n: number) => Math.trunc(random() * n);
  const path = `f${below(paths)}.md`;
  const texts = Array.from({ length: 1 + below(6) }, () => `counted ${below(contents)}`);
  const kind = random();
  if (kind < 0.6) {
    return (tx) =>
      tx.ingestion.ingest('main', embeddingModel, [
        fileOf(
          path,
          texts.map((text) => atomOf(text)),
        ),
      ]);
  }
  if (kind < 0.8) return (tx) => tx.ingestion.removeFiles('main', [path]);
  return (tx) => tx.atoms.merge(texts.map((text) => ({ modality: 'text', text: `merged ${text}` })));
}

/** An atom counts the tenants that hold it; a holding counts the regions that are it, and what was merged. */
export function referencesContract(fixture: EngineFixture): void {
  describe('reference counts', () => {
    const c = contractStore(fixture);
    const miscounted = () =>
      c().asOwner(
        `select 'atom' as what, a.id from atom a
         where a.reference_count <> (select count(*) from tenant_atom h where h.atom_id = a.id)
         union all
         select 'holding', h.atom_id from tenant_atom h join atom a on a.id = h.atom_id
         where a.text not like 'merged %' and h.reference_count <> (
           select count(*) from atom_source r where r.tenant_id = h.tenant_id and r.atom_id = h.atom_id)`,
      );

    it(`follow ${steps} random steps of two tenants at once (seed ${seed})`, async () => {
      const random = seeded(seed);
      const tenants = [c().tenantId, c().otherTenantId];
      let merged = 0;
      for (let i = 0; i < steps; i += 4) {
        const calls = Array.from({ length: 4 }, (_, n) => {
          const step = randomStep(random);
          return c().store.withTenant(tenants[n % 2], step);
        });
        merged += (await Promise.all(calls)).filter((answer) => typeof answer === 'number').length;
        expect(await miscounted()).toEqual([]);
      }
      expect(merged).toBeGreaterThan(0);
      // Everything let go: no holding of a region is left, and nothing counts it.
      const all = Array.from({ length: paths }, (_, i) => `f${i}.md`);
      for (const id of tenants) {
        await c().store.withTenant(id, (tx) => tx.ingestion.removeFiles('main', all));
      }
      expect(await miscounted()).toEqual([]);
      const left = await c().asOwner(
        `select count(*) as n from tenant_atom h join atom a on a.id = h.atom_id where a.text like 'counted %'`,
      );
      expect(Number(left[0]['n'])).toBe(0);
      const counted = await c().asOwner(
        `select count(*) as n from atom where text like 'counted %' and reference_count <> 0`,
      );
      expect(Number(counted[0]['n'])).toBe(0);
    }, 300_000);
  });
}
