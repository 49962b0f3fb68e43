import { describe, expect, it } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import type { ProvenanceReport } from '../port/provenance.js';
import type { TenantTransaction } from '../port/store.js';
import { contractStore, type Contract, type EngineFixture } from './fixture.js';
import { actionOf, atomOf, embeddingModel, fileOf, openCycle, requestOf } from './samples.js';
import { chunkOf, submissionOf } from './sweep-cases.js';

const chunkResult = (n: number) => ({
  summary: { n },
  partial: null,
  output: null,
  checksum: String(n).repeat(64).slice(0, 64),
  elapsedMs: 1,
  cpuMs: 1,
});

/** Everything is sealed where it is written, and what was changed since is found and named. */
export function provenanceContract(fixture: EngineFixture): void {
  describe('provenance', () => {
    const c = contractStore(fixture);
    chainLaws(c);
    lifeLaws(c);
    tamperLaws(c);
  });
}

type Work<T> = (tx: TenantTransaction) => Promise<T>;
const calls = (c: Contract) => {
  const inTenant = <T>(work: Work<T>, tenantId = c().tenantId) => c().store.withTenant(tenantId, work);
  const verify = (id: string) => inTenant((tx) => tx.provenance.verify(id));
  return { inTenant, verify };
};

/** A file of two atoms, and a request that was answered by both. */
async function answered(tx: TenantTransaction, name = newId()) {
  const texts = [`first of ${name}`, `second of ${name}`];
  await tx.ingestion.ingest('main', embeddingModel, [
    fileOf(
      `${name}.md`,
      texts.map((text) => atomOf(text)),
    ),
  ]);
  const sources = (await tx.atoms.listSources(null, 10_000)).filter((s) => s.path === `${name}.md`);
  const atomIds = sources.map((s) => s.atomId);
  const model = await tx.models.ensureNative();
  const steps = atomIds.map((atomId, i) => ({ atomId, score: 1 / (i + 3), rank: i + 1 }));
  const request = requestOf(model.id, { steps, durationMs: 0.1 + 0.2, traceId: 'a'.repeat(32) });
  await tx.requests.record([request]);
  return { requestId: request.id, atomIds, modelId: model.id, path: `${name}.md` };
}

function chainLaws(c: Contract): void {
  const { inTenant, verify } = calls(c);

  it('goes from a request over its atoms and model to the file, and holds', async () => {
    const made = await inTenant((tx) => answered(tx));
    const graph = (await inTenant((tx) => tx.provenance.graph(made.requestId)))!;
    expect(graph.nodes.map((node) => node.kind).sort()).toEqual([
      'atom',
      'atom',
      'model',
      'request',
      'source',
    ]);
    expect(graph.nodes.at(-1)).toMatchObject({ kind: 'request', id: made.requestId });
    expect(graph.edges.map((edge) => edge.type).sort()).toEqual([
      'derived-from',
      'derived-from',
      'produced-by',
      'used',
      'used',
    ]);
    const source = graph.nodes.find((node) => node.kind === 'source')!;
    expect(source.document).toMatchObject({ path: made.path, corpus: 'main' });
    expect(await verify(made.requestId)).toMatchObject({
      kind: 'request',
      nodes: 5,
      edges: 5,
      broken: null,
      notRecomputed: 0,
      unknownParents: 0,
    });
    expect(await inTenant((tx) => tx.provenance.verify(made.requestId), c().otherTenantId)).toBeNull();
    expect(await verify(newId())).toBeNull();
  });

  it('seals atoms that came without a file when they are first used', async () => {
    const text = `alone ${newId()}`;
    const atomId = await inTenant(async (tx) => {
      await tx.atoms.merge([{ modality: 'text', text }]);
      return newId();
    });
    const [row] = await c().asOwner(`select id from atom where text = '${text}'`);
    const id = String(row.id).toLowerCase();
    expect(await verify(id)).toMatchObject({ kind: 'atom', nodes: 1, broken: null });
    const request = requestOf((await inTenant((tx) => tx.models.ensureNative())).id, {
      steps: [id, atomId].map((a, rank) => ({ atomId: a, score: 1, rank })),
    });
    await inTenant((tx) => tx.requests.record([request]));
    await inTenant((tx) => tx.requests.record([request]));
    expect(await verify(request.id)).toMatchObject({ nodes: 3, broken: null, unknownParents: 1 });
  });

  it('follows versions to what they are derived from and what produced them', async () => {
    const { versionId, studentId } = await inTenant(async (tx) => {
      const model = await tx.models.ensureNative();
      const { row } = await tx.computations.create(submissionOf(newId()));
      await tx.computations.move(row, 'Running', { started: true });
      await tx.computations.move({ ...row, revision: 1, state: 'Running' }, 'Completed', { finished: true });
      const version = await tx.overlays.createVersion(model.id, undefined, row.id);
      const student = newId();
      await tx.tensors.copyStudent(model.id, student, `student ${student}`, 0);
      return { versionId: version.id, studentId: student };
    });
    const graph = (await inTenant((tx) => tx.provenance.graph(versionId)))!;
    expect(graph.edges.map((edge) => edge.type).sort()).toEqual(['derived-from', 'produced-by']);
    expect(await verify(versionId)).toMatchObject({ kind: 'model', nodes: 3, broken: null });
    expect(await verify(studentId)).toMatchObject({ kind: 'model', nodes: 2, broken: null });
  });
}

function lifeLaws(c: Contract): void {
  const { inTenant, verify } = calls(c);

  it('keeps what rests on a file that changed, and on one that is gone', async () => {
    const made = await inTenant((tx) => answered(tx));
    const again = fileOf(made.path, [atomOf(`third of ${made.path}`)]);
    await inTenant((tx) => tx.ingestion.ingest('main', embeddingModel, [again]));
    expect(await verify(made.requestId)).toMatchObject({ broken: null, notRecomputed: 2 });
    const [{ atomId }] = (await inTenant((tx) => tx.atoms.listSources(null, 10_000))).filter(
      (s) => s.path === made.path,
    );
    // The new atom is of the file's second state, which superseded the first.
    expect(await verify(atomId)).toMatchObject({ nodes: 3, edges: 2, broken: null });
    await inTenant((tx) => tx.ingestion.removeFiles('main', [made.path]));
    expect(await verify(made.requestId)).toMatchObject({ broken: null, notRecomputed: 2 });
    expect(await verify(atomId)).toMatchObject({ broken: null, notRecomputed: 1 });
    await inTenant((tx) => tx.ingestion.ingest('main', embeddingModel, [again]));
    expect(await verify(atomId)).toMatchObject({ broken: null, notRecomputed: 0 });
  });

  it('seals each transition of an action, with who approved it and the evidence of its verdict', async () => {
    const { action, principalId } = await inTenant(async (tx) => {
      const { cycleId, hypothesisId } = await openCycle(tx);
      const created = await tx.actions.create(actionOf(cycleId, hypothesisId, { inverse: { drop: 1 } }));
      const principal = await tx.principals.ensure('approver of actions');
      return { action: created, principalId: principal.id };
    });
    const step = (from: string, version: number, to: string, patch = {}) =>
      inTenant((tx) =>
        tx.actions.transition(
          { id: action.id, version, state: from as 'Proposed' },
          to as 'Proposed',
          { name: 'e', reason: 'r', by: 'b', traceId: null },
          patch,
        ),
      );
    expect(await step('Proposed', 1, 'Scheduled', { approvedBy: [principalId] })).toBe(true);
    expect(await step('Scheduled', 2, 'Verifying')).toBe(true);
    expect(await step('Scheduled', 2, 'Verifying')).toBe(false);
    const pair = { actionId: action.id, kind: 'AB' as const, control: [1], treated: [0.5] };
    const counts = { errorsControl: 0, errorsTreated: 0, countControl: 1, countTreated: 1 };
    await inTenant((tx) =>
      tx.actions.addEvidence([{ ...pair, ...counts, pairNo: 1, order: 'mixed', measuredAt: new Date() }]),
    );
    expect(await step('Verifying', 3, 'Kept', { verdict: 'Kept', pairs: 1 })).toBe(true);
    expect(await verify(action.id)).toMatchObject({ kind: 'action', revision: 3, nodes: 5, broken: null });
    await c().asOwner(`update evidence_pair set treated = '[0.25]' where action_id = '${action.id}'`);
    expect((await verify(action.id))?.broken).toMatchObject({ revision: 3, reason: 'content' });
    await c().asOwner(`update evidence_pair set treated = '[0.5]' where action_id = '${action.id}'`);
    await c().asOwner(
      `update action_transition set done_by = 'x' where action_id = '${action.id}' and seq = 2`,
    );
    expect((await verify(action.id))?.broken).toMatchObject({ revision: 2, reason: 'content' });
  });

  it('seals each end of a computation with its chunks', async () => {
    const id = await inTenant(async (tx) => {
      const { row } = await tx.computations.create(submissionOf(newId()));
      await tx.computations.move(row, 'Running', { started: true });
      await tx.computations.addChunks(row.id, [chunkOf(0)]);
      const { fence } = (await tx.computations.claim(row.id, 'me', 60_000))!;
      await tx.computations.complete(row.id, 0, fence, chunkResult(7));
      const current = (await tx.computations.get(row.id))!;
      await tx.computations.move(current, 'Completed', { result: { sum: 7 }, finished: true });
      return row.id;
    });
    expect(await verify(id)).toMatchObject({ kind: 'computation', revision: 1, broken: null });
    await inTenant(async (tx) => {
      const current = (await tx.computations.get(id))!;
      await tx.computations.move(current, 'Running', { finished: false });
    });
    expect(await verify(id)).toMatchObject({ broken: null, notRecomputed: 1 });
    await inTenant(async (tx) => {
      const current = (await tx.computations.get(id))!;
      await tx.computations.move(current, 'Completed', { finished: true });
    });
    expect(await verify(id)).toMatchObject({ revision: 2, nodes: 2, broken: null });
    await c().asOwner(
      `update computation_chunk set checksum = '${'8'.repeat(64)}' where computation_id = '${id}'`,
    );
    expect((await verify(id))?.broken).toMatchObject({ reason: 'content', revision: 2 });
  });
}

function tamperLaws(c: Contract): void {
  const { inTenant, verify } = calls(c);
  type Made = Awaited<ReturnType<typeof answered>>;
  /** The first broken link of a request's chain after these statements. */
  const damaged = async (
    statements: (made: Made) => string[],
  ): Promise<[Made, ProvenanceReport['broken']]> => {
    const made = await inTenant((tx) => answered(tx));
    expect((await verify(made.requestId))?.broken).toBeNull();
    for (const text of statements(made)) await c().asOwner(text);
    return [made, (await verify(made.requestId))!.broken];
  };

  it('names an atom of which a byte was changed', async () => {
    const [made, broken] = await damaged(({ atomIds }) => [
      `update atom set text = replace(text, 'first', 'forst') where id = '${atomIds[0]}'`,
    ]);
    expect(broken).toMatchObject({ id: made.atomIds[0], kind: 'atom', reason: 'content' });
  });

  it('names an atom that is gone, and a child whose parent has no node any more', async () => {
    const [gone, atom] = await damaged(({ atomIds }) => [
      `delete from tenant_atom where atom_id = '${atomIds[1]}'`,
    ]);
    expect(atom).toMatchObject({ id: gone.atomIds[1], reason: 'thing-missing' });
    const [made, broken] = await damaged(({ atomIds }) => [
      `delete from provenance_node where id = '${atomIds[1]}'`,
    ]);
    expect(broken).toMatchObject({ id: made.requestId, kind: 'request', reason: 'parent-missing' });
    expect(broken?.detail).toContain(made.atomIds[1]);
  });

  it('names a node of which an edge was turned, added or taken away', async () => {
    const [turned, toOther] = await damaged(({ atomIds, modelId }) => [
      `update provenance_edge set parent_id = '${modelId}' where node_id = '${atomIds[0]}'`,
    ]);
    expect(toOther).toMatchObject({ id: turned.atomIds[0], kind: 'atom', reason: 'edges' });
    const [cut, without] = await damaged(({ atomIds }) => [
      `delete from provenance_edge where node_id = '${atomIds[0]}'`,
    ]);
    expect(without).toMatchObject({ id: cut.atomIds[0], reason: 'edges' });
    const [added, more] = await damaged(({ atomIds, modelId }) => [
      `insert into provenance_edge select tenant_id, node_id, node_revision, 'used', '${modelId}', 1
       from provenance_edge where node_id = '${atomIds[0]}'`,
    ]);
    expect(more).toMatchObject({ id: added.atomIds[0], reason: 'edges' });
  });

  it('names a request whose answer was changed', async () => {
    const [made, broken] = await damaged(({ requestId }) => [
      `update inference_step set score = 0.75 where request_id = '${requestId}' and step_rank = 1`,
    ]);
    expect(broken).toMatchObject({ id: made.requestId, reason: 'content' });
  });

  it('names a node whose hash was changed, also the child that rests on it', async () => {
    const other = 'select content_hash from provenance_node where id';
    const [made, broken] = await damaged(({ atomIds }) => [
      `update provenance_node set hash = (${other} = '${atomIds[1]}') where id = '${atomIds[0]}'`,
    ]);
    expect(broken).toMatchObject({ id: made.atomIds[0], reason: 'hash' });
  });

  it('names a file whose record was changed', async () => {
    const [made, broken] = await damaged(({ path }) => [
      `update source set content_hash = '${'0'.repeat(64)}' where path = '${path}'`,
    ]);
    expect(broken).toMatchObject({ kind: 'source', reason: 'content' });
    expect(made.path).toMatch(/md$/);
  });
}
