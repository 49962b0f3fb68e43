import { describe, expect, it } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import type { TenantTransaction } from '../port/store.js';
import { contractStore, type Contract, type EngineFixture } from './fixture.js';
import { gradientOf, jobOf, sampleOf, updateOf } from './sweep-models.js';

/** Training: jobs, reviewed samples, checkpoints, and the record of what runs changed. */
export function trainingContract(fixture: EngineFixture): void {
  describe('training', () => {
    let modelId = '';
    const c = contractStore(fixture, ({ store, tenantId }) =>
      store.withTenant(tenantId, async (tx) => {
        modelId = (await tx.models.ensureNative()).id;
      }),
    );
    jobLaws(c, () => modelId);
    sampleLaws(c);
    checkpointLaws(c, () => modelId);
    recordLaws(c, () => modelId);
  });
}

const tenantOf =
  (c: Contract) =>
  <T>(work: (tx: TenantTransaction) => Promise<T>, tenantId = c().tenantId) =>
    c().store.withTenant(tenantId, work);

function jobLaws(c: Contract, modelId: () => string): void {
  const inTenant = tenantOf(c);
  it('moves a job by version and state, each writer once', async () => {
    const job = jobOf(modelId());
    expect(await inTenant((tx) => tx.training.create(job))).toBe(true);
    expect(await inTenant((tx) => tx.training.create(job))).toBe(false);
    await expect(inTenant((tx) => tx.training.create(jobOf(newId())))).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    const pending = (await inTenant((tx) => tx.training.get(job.id)))!;
    expect(pending).toMatchObject({ ...job, state: 'Pending', version: 1, samplesUsed: 0, startedAt: null });
    const computationId = newId();
    const starts = [1, 2, 3].map(() =>
      inTenant((tx) => tx.training.move(pending, 'Running', { computationId, samplesUsed: 12 })),
    );
    expect((await Promise.all(starts)).filter(Boolean)).toHaveLength(1);
    const running = (await inTenant((tx) => tx.training.get(job.id)))!;
    expect(running).toMatchObject({ state: 'Running', version: 2, computationId, samplesUsed: 12 });
    expect(running.startedAt).toBeInstanceOf(Date);
    expect(await inTenant((tx) => tx.training.move({ ...running, state: 'Pending' }, 'Failed'))).toBe(false);
    const there = inTenant((tx) => tx.training.move(running, 'Failed'), c().otherTenantId);
    expect(await there).toBe(false);
    const done = { result: { ndcg: 0.5 }, resultModelId: modelId() };
    expect(await inTenant((tx) => tx.training.move(running, 'Completed', done))).toBe(true);
    const completed = (await inTenant((tx) => tx.training.get(job.id)))!;
    expect(completed).toMatchObject({ ...done, state: 'Completed', samplesUsed: 12 });
    expect(completed.finishedAt).toBeInstanceOf(Date);
    expect((await inTenant((tx) => tx.training.list(9, ['Completed', 'Failed']))).map((j) => j.id)).toEqual([
      job.id,
    ]);
    expect(await inTenant((tx) => tx.training.list(9, ['Running']))).toEqual([]);
  });
}

function sampleLaws(c: Contract): void {
  const inTenant = tenantOf(c);
  it('takes a sample once and lets one reviewer decide', async () => {
    const rows = ['one', 'two', 'three'].map(sampleOf);
    const before = await inTenant((tx) => tx.now());
    expect(await inTenant((tx) => tx.training.addSamples([...rows, { ...rows[0], id: newId() }]))).toBe(3);
    expect(await inTenant((tx) => tx.training.addSamples(rows.map((r) => ({ ...r, id: newId() }))))).toBe(0);
    // The same letters, cut elsewhere, are another sample.
    const cut = { ...sampleOf('on'), output: 'eanswer' };
    expect(await inTenant((tx) => tx.training.addSamples([cut]))).toBe(1);
    const pending = await inTenant((tx) => tx.training.pendingSamples(9));
    expect(pending.map((s) => [s.status, s.version, s.score])).toEqual(
      [1, 2, 3, 4].map(() => ['pending', 1, null]),
    );
    const [first, second] = rows.map((row) => pending.find((s) => s.prompt === row.prompt)!);
    const approve = (score: number) =>
      inTenant((tx) => tx.training.review(first, { approved: true, score, reviewer: 'ann' }));
    expect((await Promise.all([approve(8), approve(9)])).filter(Boolean)).toHaveLength(1);
    await inTenant((tx) => tx.training.review(second, { approved: false, score: 10, reviewer: 'bob' }));
    const approved = (minScore: number, since: Date) =>
      inTenant((tx) => tx.training.approvedSamples(minScore, since, 9));
    expect((await approved(8, before)).map((s) => s.id)).toEqual([first.id]);
    expect(await approved(9.5, before)).toEqual([]);
    expect(await approved(0, new Date(before.getTime() + 86_400_000))).toEqual([]);
    await expect(
      inTenant((tx) =>
        tx.training.review({ id: cut.id, version: 1 }, { approved: true, score: 11, reviewer: 'x' }),
      ),
    ).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    expect(await inTenant((tx) => tx.training.pendingSamples(9), c().otherTenantId)).toEqual([]);
  });
}

function checkpointLaws(c: Contract, modelId: () => string): void {
  const inTenant = tenantOf(c);
  it('keeps checkpoints whole: the newest is the one to go on from, damaged bytes are named', async () => {
    const job = jobOf(modelId());
    await inTenant((tx) => tx.training.create(job));
    expect(await inTenant((tx) => tx.training.latestCheckpoint(job.id))).toBeNull();
    const data = (step: number) => Buffer.from(Array.from({ length: 300 }, (_, i) => (i * step) % 256));
    for (const step of [1, 20, 3]) {
      expect(await inTenant((tx) => tx.training.saveCheckpoint(job.id, step, data(step)))).toBe(true);
    }
    expect(await inTenant((tx) => tx.training.saveCheckpoint(job.id, 20, data(7)))).toBe(false);
    const latest = (await inTenant((tx) => tx.training.latestCheckpoint(job.id)))!;
    expect([latest.step, latest.data.equals(data(20)), latest.hash]).toEqual([
      20,
      true,
      expect.stringMatching(/^[0-9a-f]{64}$/),
    ]);
    await expect(inTenant((tx) => tx.training.saveCheckpoint(newId(), 1, data(1)))).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(await inTenant((tx) => tx.training.pruneCheckpoints(job.id, 2))).toBe(1);
    await c().asOwner(
      `update "checkpoint" set data = (select d.data from "checkpoint" d where d.job_id = '${job.id}' and d.step = 3)
       where job_id = '${job.id}' and step = 20`,
    );
    await expect(inTenant((tx) => tx.training.latestCheckpoint(job.id))).rejects.toMatchObject({
      code: 'STORE_CORRUPT',
    });
  });
}

function recordLaws(c: Contract, modelId: () => string): void {
  const inTenant = tenantOf(c);
  it('records what runs changed and how their gradients were, once', async () => {
    const job = jobOf(modelId());
    await inTenant((tx) => tx.training.create(job));
    const update = updateOf(modelId(), job.id);
    await inTenant((tx) => tx.training.addUpdate(update));
    await inTenant((tx) => tx.training.addUpdate(updateOf(modelId(), null)));
    const updates = await inTenant((tx) => tx.training.updates(modelId(), 9));
    expect(updates).toHaveLength(2);
    expect(updates.find((u) => u.id === update.id)).toEqual({ ...update, at: expect.any(Date) });
    expect(await inTenant((tx) => tx.training.addGradients(job.id, [gradientOf(0), gradientOf(1)]))).toBe(2);
    const again = [{ ...gradientOf(1), normMax: 99 }, gradientOf(2)];
    expect(await inTenant((tx) => tx.training.addGradients(job.id, again))).toBe(1);
    expect(await inTenant((tx) => tx.training.gradients(job.id))).toEqual([0, 1, 2].map(gradientOf));
    await expect(
      inTenant((tx) => tx.training.addGradients(job.id, [{ ...gradientOf(3), normMax: 0.1 }])),
    ).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
  });
}
