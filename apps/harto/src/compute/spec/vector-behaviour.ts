import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { assignToCentroids, createRng, dbscan, kMeans } from '@hartonomous/numerics';
import { ingestCorpus } from '@hartonomous/retrieval';
import { createTestFolder, removeTestFolder } from '@hartonomous/testing';
import { untilEnded, type LaneRig } from './lane-rig.js';

const model = 'hashed-tf-256-v1';

/** Three subjects with their own words, so that there is something to find. */
const subjects = [
  ['lease', 'fence', 'worker', 'heartbeat', 'renew', 'expire', 'owner', 'claim'],
  ['prime', 'sieve', 'wheel', 'segment', 'count', 'legendre', 'root', 'factor'],
  ['cluster', 'centroid', 'radius', 'neighbour', 'density', 'noise', 'border', 'core'],
];

/** Pages of paragraphs; each paragraph draws six words of its subject. */
async function ingest({ store, tenantId }: LaneRig): Promise<void> {
  const rng = createRng(5);
  const dir = createTestFolder();
  mkdirSync(join(dir, 'docs'));
  subjects.forEach((words, s) => {
    for (let page = 0; page < 12; page++) {
      const paragraphs = Array.from({ length: 4 }, () =>
        Array.from({ length: 6 }, () => words[Math.floor(rng() * words.length)]).join(' '),
      );
      const text = paragraphs.map((words, i) => `## Part ${s}${page}${i}\n\nThe ${words}.\n`).join('\n');
      writeFileSync(join(dir, 'docs', `page-${s}-${page}.md`), text);
    }
  });
  await ingestCorpus({ store, tenantId, corpus: 'vectors', roots: [{ dir }] });
  removeTestFolder(dir);
}

/** What a computation reads: the tenant's vectors, in atom id order. */
async function storedVectors({ store, tenantId }: LaneRig) {
  const page = await store.withTenant(tenantId, (tx) => tx.atoms.vectors(model, null, 5000));
  return { data: page.data, count: page.atomIds.length, dim: page.dimensions };
}

const outputOf = async ({ store, tenantId }: LaneRig, id: string): Promise<ArrayBuffer> => {
  const bytes = (await store.withTenant(tenantId, (tx) => tx.computations.output(id)))!;
  return new Uint8Array(bytes).buffer;
};

/** Both types on what ingestion has stored, against the library run on the same vectors in this process. */
export function vectorBehaviour(rig: () => LaneRig): void {
  means(rig);
  densities(rig);
}

function means(rig: () => LaneRig): void {
  it('clusters the stored embeddings by k-means: a fixed point of Lloyd, about as good as the library', async () => {
    await ingest(rig());
    const { data, count, dim } = await storedVectors(rig());
    expect(count).toBeGreaterThan(100);
    const { id } = await rig().submit({
      type: 'kmeans',
      params: { k: 3, iterations: 100 },
      chunk: { mode: 'fixed', size: 80 },
      verifyShare: 0.5,
    });
    const done = await rig().until(id, untilEnded);
    expect(done).toMatchObject({
      state: 'Completed',
      result: { clusters: 3, points: count, dimensions: dim },
    });
    const { inertia, sizes } = done.result as { inertia: number; sizes: number[] };
    const centroids = new Float64Array(await outputOf(rig(), id));
    expect(centroids).toHaveLength(3 * dim);
    const { labels, squared } = assignToCentroids(data, dim, centroids);
    expect(sizes).toEqual([0, 1, 2].map((c) => labels.filter((label) => label === c).length));
    expect(inertia).toBeCloseTo(
      squared.reduce((sum, d) => sum + d),
      3,
    );
    const centres = new Float64Array(3 * dim);
    labels.forEach((label, i) => {
      for (let t = 0; t < dim; t++) centres[label * dim + t] += data[i * dim + t] / sizes[label];
    });
    centres.forEach((mean, i) => expect(Math.abs(mean - centroids[i])).toBeLessThan(1e-5));
    const library = [1, 2, 3].map((seed) => kMeans(data, dim, 3, { rng: createRng(seed) }).inertia);
    // Another start may end in another optimum.
    expect(inertia).toBeLessThanOrEqual(1.5 * Math.max(...library));
    // Chunk by chunk the labels of the points, in atom order.
    const paged: number[] = [];
    for (let after = -1; ;) {
      const path = `/v1/computations/${id}/results?after=${after}`;
      const page = await rig().gateway.get<{ items: number[]; chunk: number | null }>(path);
      if (page.chunk === null) break;
      paged.push(...page.items);
      after = page.chunk;
    }
    expect(paged).toEqual(Array.from(labels));
  }, 600_000);
}

function densities(rig: () => LaneRig): void {
  it.each([
    ['cosine', 0.3],
    ['euclidean', 0.9],
  ] as const)(
    'clusters them by density, %s %d, as the library does',
    async (metric, epsilon) => {
      const { data, count, dim } = await storedVectors(rig());
      const params = { epsilon, minPoints: 4, metric };
      const { id } = await rig().submit({ type: 'dbscan', params, chunk: { mode: 'fixed', size: 80 } });
      const done = await rig().until(id, untilEnded);
      const library = dbscan(data, dim, params);
      const noise = library.labels.filter((label) => label < 0).length;
      expect(library.clusters).toBeGreaterThan(1);
      expect(done).toMatchObject({
        state: 'Completed',
        result: { points: count, clusters: library.clusters, noise },
      });
      const labels = new Int32Array(await outputOf(rig(), id));
      for (let i = 0; i < count; i++) {
        // A border point between clusters may belong to either.
        if (library.core[i]) expect(labels[i]).toBe(library.labels[i]);
        expect(labels[i] < 0).toBe(library.labels[i] < 0);
      }
    },
    600_000,
  );
}
