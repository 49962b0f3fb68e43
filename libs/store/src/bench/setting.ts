import type pg from 'pg';
import type { BenchSizes } from '../config/bench-sizes.js';
import { atomOf, embeddingModel, fileOf } from '../contract/samples.js';
import type { TensorAtom } from '../port/tensors.js';
import type { TestStore } from '../testing.js';

export interface BenchSetting extends BenchSizes {
  t: TestStore;
  /** A superuser's connection: bare statements, without policies. */
  owner: pg.Client;
  modelId: string;
  atomIds: string[];
}

const tensors = 64;

/** A model whose tensors are atoms of a file, and a bare table of the same definition beside tensor_atom. */
export async function prepareBench(t: TestStore, owner: pg.Client, sizes: BenchSizes): Promise<BenchSetting> {
  const { modelId, atomIds } = await t.store.withTenant(t.tenantId, async (tx) => {
    const atoms = Array.from({ length: tensors }, (_, i) => atomOf(`tensor ${i}`));
    await tx.ingestion.ingest('main', embeddingModel, [fileOf('tensors.md', atoms)]);
    return { modelId: (await tx.models.ensureNative()).id, atomIds: await tx.corpus.matching({}) };
  });
  // Keys, checks and foreign keys as in the store; no policies.
  await owner.query(
    `create table bare_tensor (like tensor_atom including all,
       foreign key (tenant_id, model_id) references model (tenant_id, id));
     create table bare_archive (like tensor_atom_archive including all,
       foreign key (tenant_id, model_id) references model (tenant_id, id));
     create table bare_atom (like atom including all)`,
  );
  return { ...sizes, t, owner, modelId, atomIds };
}

/** The same rows each time, made one by one: places spread by two irrational steps. */
export function* tensorRows({ atoms, atomIds }: BenchSetting, shift = 0): Generator<TensorAtom> {
  for (let i = 0; i < atoms; i++) {
    const u = (i * 0.754_877_666 + shift) % 1;
    const v = (i * 0.569_840_291 + shift) % 1;
    const w = (i * 0.332_471_795 + shift) % 1;
    yield {
      atomId: atomIds[i % tensors],
      tensorNo: i % tensors,
      segmentNo: Math.trunc(i / tensors),
      x: u * 100,
      y: v * 100,
      z: w * 20 - 10,
      hilbert: BigInt(Math.trunc(u * 2 ** 40)),
      importance: w,
      valueMin: -u,
      valueMax: v,
      valueNorm: w,
    };
  }
}

/** Wall time of both sides in turns, ms: medians. `before` restores what a side changed, outside the clock. */
export async function inTurns(
  rounds: number,
  sides: { ours(): Promise<unknown>; bare(): Promise<unknown>; before?(): Promise<unknown> },
): Promise<{ ours: number; bare: number }> {
  const times = { ours: [] as number[], bare: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    // Who begins takes turns as well.
    for (const side of round % 2 === 0 ? (['ours', 'bare'] as const) : (['bare', 'ours'] as const)) {
      await sides.before?.();
      const began = performance.now();
      await sides[side]();
      times[side].push(performance.now() - began);
    }
  }
  const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1];
  return { ours: median(times.ours), bare: median(times.bare) };
}
