import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import type { TenantTransaction } from '../port/store.js';
import { hookTimeoutMs, type ContractStore, type EngineFixture } from './fixture.js';
import { atomOf, embeddingModel, fileOf, sha256 } from './samples.js';

export function corpusContract(fixture: EngineFixture): void {
  describe('corpus', () => {
    let c: ContractStore;
    beforeAll(async () => {
      c = await fixture.open();
    }, hookTimeoutMs);
    afterAll(() => c.close());
    const inTenant = <T>(work: (tx: TenantTransaction) => Promise<T>, tenantId = c.tenantId) =>
      c.store.withTenant(tenantId, work);

    const alpha = atomOf('alpha beta beta', { symbol: 'alpha', kind: 'code', language: 'typescript' });
    const gamma = atomOf('gamma delta', { heading: 'Gamma' });
    const shared = atomOf('shared text of two files');
    const first = fileOf('src/a.ts', [alpha, shared]);
    const second = fileOf('docs/b.md', [gamma, shared]);

    it('merges equal bytes, counts what is new, and follows references', async () => {
      const counts = await inTenant((tx) => tx.ingestion.ingest('main', embeddingModel, [first, second]));
      expect(counts).toEqual({ files: 2, atomsWritten: 3, atomsKnown: 0, atomsReleased: 0 });
      expect(await inTenant((tx) => tx.ingestion.corpusSize())).toEqual({ files: 2, atoms: 3 });
      expect(await inTenant((tx) => tx.atoms.count())).toBe(3);
      expect(await inTenant((tx) => tx.corpus.statistics())).toEqual({ atoms: 3, meanLength: 10 / 3 });
      const again = await inTenant((tx) => tx.ingestion.ingest('main', embeddingModel, [first]));
      expect(again).toEqual({ files: 1, atomsWritten: 0, atomsKnown: 2, atomsReleased: 0 });
      const hashes = await inTenant((tx) => tx.ingestion.fileHashes('main'));
      expect([...hashes].sort()).toEqual([
        ['docs/b.md', second.contentHash.toString('hex')],
        ['src/a.ts', first.contentHash.toString('hex')],
      ]);
      expect((await inTenant((tx) => tx.ingestion.fileHashes('other'))).size).toBe(0);
    });

    it('takes contents up without a file: equal bytes once, counted anew only where they were not held', async () => {
      const tenant = (await c.store.withSystem('contract', (tx) => tx.tenants.ensure(`merge-${newId()}`))).id;
      const merge = (texts: string[]) =>
        inTenant((tx) => tx.atoms.merge(texts.map((text) => ({ modality: 'text', text }))), tenant);
      // Somebody else holds the last of them: that does not show.
      expect(await merge(['m1', 'm2', 'm1', shared.text])).toBe(3);
      expect(await merge(['m1', 'm3'])).toBe(1);
      expect(await merge([])).toBe(0);
    });

    it('merges what several writers bring at once: no content twice, each counted by its holders and uses', async () => {
      const tenants = await Promise.all(
        [1, 2, 3, 4].map((i) =>
          c.store.withSystem('contract', (tx) => tx.tenants.ensure(`at-once-${i}-${newId()}`)),
        ),
      );
      const texts = Array.from({ length: 40 }, (_, i) => ({
        modality: 'text' as const,
        text: `at once ${i}`,
      }));
      // Every tenant by two connections: half of the contents, then all of them.
      const calls = tenants.flatMap(({ id }) => [
        inTenant((tx) => tx.atoms.merge(texts.slice(0, 20)), id),
        inTenant((tx) => tx.atoms.merge(texts), id),
      ]);
      const taken = await Promise.all(calls);
      tenants.forEach((_, i) => expect(taken[2 * i] + taken[2 * i + 1]).toBe(texts.length));
      const counts = await c.asOwner(
        `select a.reference_count as holders, t.reference_count as uses, count(*) as n
         from atom a join tenant_atom t on t.atom_id = a.id where a.text like 'at once %'
         group by a.reference_count, t.reference_count order by t.reference_count`,
      );
      expect(counts.map((r) => [Number(r.holders), Number(r.uses), Number(r.n)])).toEqual([
        [4, 1, 80],
        [4, 2, 80],
      ]);
    });

    it('reads atoms, their sources and their vectors', async () => {
      const sources = await inTenant((tx) => tx.atoms.listSources(null, 10));
      expect(sources.map((s) => [s.path, s.lineStart, s.symbol, s.heading, s.kind])).toEqual([
        ['docs/b.md', 1, null, 'Gamma', 'text'],
        ['docs/b.md', 11, null, null, 'text'],
        ['src/a.ts', 1, 'alpha', null, 'code'],
        ['src/a.ts', 11, null, null, 'text'],
      ]);
      const page = await inTenant((tx) => tx.atoms.listSources({ path: 'docs/b.md', lineStart: 1 }, 2));
      expect(page.map((s) => [s.path, s.lineStart])).toEqual([
        ['docs/b.md', 11],
        ['src/a.ts', 1],
      ]);
      const sharedId = sources[1].atomId;
      expect(await inTenant((tx) => tx.atoms.sources([sharedId]))).toHaveLength(2);
      const [row] = await inTenant((tx) => tx.atoms.read([sharedId]));
      expect(row).toMatchObject({ id: sharedId, text: shared.text, modality: 'text', sizeBytes: 24 });
      expect(row.contentHash.equals(shared.contentHash)).toBe(true);
      const all = await inTenant((tx) => tx.atoms.vectors(embeddingModel, null, 10));
      expect(all.dimensions).toBe(4);
      expect(all.atomIds).toEqual([...all.atomIds].sort());
      const n = all.atomIds.indexOf(sharedId);
      expect([...all.data.subarray(n * 4, n * 4 + 4)]).toEqual([...shared.vector]);
      const rest = await inTenant((tx) => tx.atoms.vectors(embeddingModel, all.atomIds[0], 10));
      expect(rest.atomIds).toEqual(all.atomIds.slice(1));
      expect((await inTenant((tx) => tx.atoms.vectors('unknown', null, 10))).atomIds).toEqual([]);
    });

    searchLaws(inTenant);
    releaseLaws(() => c, inTenant);
    refusals(inTenant);
  });
}

type InTenant = <T>(work: (tx: TenantTransaction) => Promise<T>, tenantId?: string) => Promise<T>;

function searchLaws(inTenant: InTenant): void {
  it('scores BM25 as the formula says', async () => {
    const hits = await inTenant((tx) => tx.corpus.bm25(['beta', 'text', 'absent'], {}, 10));
    // N = 3, mean length 10/3; beta: n = 1, tf 2, length 3; text: n = 1, tf 1, length 5.
    const idf = Math.log(1 + (3 - 1 + 0.5) / 1.5);
    const score = (tf: number, length: number) =>
      (idf * tf * 2.2) / (tf + 1.2 * (0.25 + (0.75 * length) / (10 / 3)));
    expect(hits).toHaveLength(2);
    expect(hits[0].score).toBeCloseTo(score(2, 3), 10);
    expect(hits[1].score).toBeCloseTo(score(1, 5), 10);
    expect(await inTenant((tx) => tx.corpus.bm25(['beta', 'text'], {}, 1))).toEqual([hits[0]]);
    expect(await inTenant((tx) => tx.corpus.bm25([], {}, 5))).toEqual([]);
    const tooMany = Array.from({ length: 33 }, (_, i) => `t${i}`);
    await expect(inTenant((tx) => tx.corpus.bm25(tooMany, {}, 5))).rejects.toMatchObject({
      code: 'INPUT_TOO_LARGE',
    });
  });

  it('filters by path prefix, language and kind', async () => {
    const found = (filter: Parameters<TenantTransaction['corpus']['matching']>[0]) =>
      inTenant((tx) => tx.corpus.matching(filter));
    expect(await found({})).toHaveLength(3);
    expect(await found({ pathPrefix: 'src/' })).toHaveLength(2);
    expect(await found({ pathPrefix: 'src/a.ts' })).toHaveLength(2);
    expect(await found({ pathPrefix: 'src/%' })).toHaveLength(0);
    expect(await found({ pathPrefix: 'SRC/' })).toHaveLength(0);
    expect(await found({ language: 'typescript' })).toHaveLength(1);
    expect(await found({ kind: 'code', pathPrefix: 'docs/' })).toHaveLength(0);
    const [beta] = await inTenant((tx) => tx.corpus.bm25(['shared', 'beta'], { kind: 'code' }, 5));
    expect([beta.atomId]).toEqual(await found({ kind: 'code' }));
    const filtered = await inTenant((tx) =>
      tx.corpus.bm25(['shared'], { pathPrefix: 'docs/', kind: 'text' }, 5),
    );
    expect(filtered).toHaveLength(1);
  });

  it('keeps relations, one per pair and type', async () => {
    const [a, b] = await inTenant((tx) => tx.corpus.matching({}));
    const put = (weight: number) =>
      inTenant((tx) => tx.corpus.putRelations([{ source: a, target: b, type: 'imports', weight }]));
    expect(await put(1)).toBe(1);
    expect(await put(2)).toBe(1);
    expect(await inTenant((tx) => tx.corpus.relations(10))).toEqual([{ source: a, target: b, weight: 2 }]);
  });
}

function releaseLaws(contract: () => ContractStore, inTenant: InTenant): void {
  it('releases what no file holds any more, and keeps what another tenant holds', async () => {
    const c = contract();
    const owned = atomOf('held by two tenants');
    const replaced = fileOf('src/a.ts', [owned]);
    const before = await inTenant((tx) => tx.ingestion.corpusVersion());
    const counts = await inTenant((tx) => tx.ingestion.ingest('main', embeddingModel, [replaced]));
    expect(counts).toEqual({ files: 1, atomsWritten: 1, atomsKnown: 0, atomsReleased: 1 });
    expect(await inTenant((tx) => tx.ingestion.corpusVersion())).toBeGreaterThan(before);
    expect(await inTenant((tx) => tx.corpus.bm25(['beta'], {}, 5))).toEqual([]);
    // The other tenant's counts must not tell that the bytes are known already.
    const theirs = await inTenant(
      (tx) => tx.ingestion.ingest('theirs', embeddingModel, [fileOf('x.md', [owned])]),
      c.otherTenantId,
    );
    expect(theirs).toEqual({ files: 1, atomsWritten: 1, atomsKnown: 0, atomsReleased: 0 });
    const references = () =>
      c.asOwner(`select reference_count as n from atom where size_bytes = ${Buffer.byteLength(owned.text)}`);
    expect((await references()).map((row) => Number(row['n']))).toEqual([2]);
    const gone = await inTenant((tx) => tx.ingestion.removeFiles('main', ['src/a.ts', 'absent']));
    expect(gone).toEqual({ files: 1, atomsWritten: 0, atomsKnown: 0, atomsReleased: 1 });
    expect((await references()).map((row) => Number(row['n']))).toEqual([1]);
    expect(await inTenant((tx) => tx.ingestion.corpusSize())).toEqual({ files: 1, atoms: 2 });
    const [id] = await inTenant((tx) => tx.corpus.matching({}), c.otherTenantId);
    expect(await inTenant((tx) => tx.atoms.read([id]))).toEqual([]);
    expect((await inTenant((tx) => tx.atoms.read([id]), c.otherTenantId))[0].text).toBe(owned.text);
  });

  it('keeps counts exact when the same text stands twice in a file', async () => {
    const twice = atomOf('twice told');
    await inTenant((tx) => tx.ingestion.ingest('main', embeddingModel, [fileOf('t.md', [twice, twice])]));
    const one = await inTenant((tx) =>
      tx.ingestion.ingest('main', embeddingModel, [fileOf('t.md', [twice])]),
    );
    expect(one).toMatchObject({ atomsKnown: 1, atomsReleased: 0 });
    const gone = await inTenant((tx) => tx.ingestion.removeFiles('main', ['t.md']));
    expect(gone.atomsReleased).toBe(1);
  });
}

function refusals(inTenant: InTenant): void {
  it('refuses what it could not keep, and changes nothing', async () => {
    const refused = async (atom: Parameters<typeof fileOf>[1][number], code: string) => {
      const version = await inTenant((tx) => tx.ingestion.corpusVersion());
      await expect(
        inTenant((tx) => tx.ingestion.ingest('main', embeddingModel, [fileOf('bad.md', [atom])])),
      ).rejects.toMatchObject({ code });
      expect(await inTenant((tx) => tx.ingestion.corpusVersion())).toBe(version);
    };
    await refused(atomOf('nul \u0000'), 'INPUT_INVALID');
    await refused(atomOf('claimed', { contentHash: sha256('other') }), 'INPUT_INVALID');
    await refused(atomOf('long', { terms: new Map([['x'.repeat(65), 1]]) }), 'INPUT_INVALID');
    const many = Array.from({ length: 201 }, (_, i) => fileOf(`${i}.md`, []));
    await expect(inTenant((tx) => tx.ingestion.ingest('main', embeddingModel, many))).rejects.toMatchObject({
      code: 'INPUT_TOO_LARGE',
    });
  });

  it('keeps hostile text byte for byte', async () => {
    const text = `tab\t newline\n backslash \\ \\N quote ' " \\. emoji 😀 end\r`;
    const atom = atomOf(text, { symbol: "o'brien\t\\", terms: new Map([['\\n', 1]]) });
    await inTenant((tx) => tx.ingestion.ingest('odd', embeddingModel, [fileOf("odd '\\ name.md", [atom])]));
    const [id] = await inTenant((tx) => tx.corpus.matching({ pathPrefix: "odd '" }));
    expect((await inTenant((tx) => tx.atoms.read([id])))[0].text).toBe(text);
    expect((await inTenant((tx) => tx.atoms.sources([id])))[0].symbol).toBe("o'brien\t\\");
    expect(await inTenant((tx) => tx.corpus.bm25(['\\n'], {}, 5))).toHaveLength(1);
  });
}
