import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { HypothesisType } from '@hartonomous/contracts';
import type { ActionDetail, CycleDetail, FindingDocument } from './loop-documents.js';
import { writePlantedCorpus, type PlantedCorpus } from './planted-corpus.js';
import { fillerTerms, PlantedStore, termRows } from './planted-store.js';
import { startSystem, type RunningSystem } from './running-system.js';
import { concluded, decide, onlyType, oneCycle, proposal, reached } from './steering.js';
import { Traffic } from './traffic.js';

/** Searches between two cycles: enough calls of every statement for the engine's counters to mean something. */
const askedBetween = 60;
/** And so many that each of 24 questions is asked often enough to be worth an answer kept. */
const askedOften = 24 * 8;
const serving = 'earned_serves';
/** Far longer than an answer takes to compute here, on a machine as busy as any. */
const slowLookUpSeconds = 0.5;

let corpus: PlantedCorpus;
let system: RunningSystem;
let store: PlantedStore;
let traffic: Traffic;
/** The same at any time, and others for a second cause of the same kind. */
let usual: string[];
let others: string[];
beforeAll(async () => {
  corpus = writePlantedCorpus(48);
  usual = corpus.queries.slice(0, 24);
  others = corpus.queries.slice(24, 48);
  system = await startSystem({ corpus: [corpus.folder], flags: ['--no-workload'] });
  store = await PlantedStore.open(system);
  traffic = new Traffic(system);
  traffic.ask(usual);
  await store.fillTerms(termRows);
  await store.rows('vacuum analyze atom_term');
}, 300_000);
afterAll(async () => {
  await traffic?.end();
  await store?.close();
  await system?.remove();
  if (corpus) rmSync(corpus.folder, { recursive: true });
}, 60_000);

const itLive = (name: string, test: () => Promise<void>) => it(name, test, 900_000);

/** What was observed in the cycle that raised the action, and led to it. */
async function findingOf(action: ActionDetail, kind: string): Promise<FindingDocument> {
  const cycle = await system.get<CycleDetail>(`/v1/cycles/${action.cycleId}`);
  const found = cycle.observation!.document.findings.filter((f) => f.kind === kind);
  const finding = found.find((f) => action.reason.startsWith(f.summary));
  expect(finding).toBeDefined();
  expect(finding!.rowIds.length).toBeGreaterThan(0);
  return finding!;
}

/** Cycles, with searches between them, until the loop asks for this. */
const proposed = (type: HypothesisType, target: RegExp, asked = askedBetween): Promise<ActionDetail> =>
  proposal(system, type, target, () => traffic.more(asked));

/** The same action once its target was found changed: nothing was done, and a person is asked anew. */
const askedAgain = (asked: ActionDetail): Promise<ActionDetail> =>
  system.until(
    'second question',
    async () => {
      const action = await system.get<ActionDetail>(`/v1/actions/${asked.id}`);
      const differs = action.snapshotHash !== asked.snapshotHash;
      return differs && action.state === 'AwaitingApproval' ? action : null;
    },
    60_000,
  );

const undone = ['RevertedHarm', 'RevertedNoBenefit', 'Inconclusive'];

/** So many searches, and then a cycle from its request to its end: one interval of the engine's counters. */
async function interval(): Promise<void> {
  await traffic.more(askedBetween);
  await oneCycle(system);
}

describe('QueryRegression over four services', () => {
  /** Says that all rows have the same term: the table is scanned whole although an index is there. */
  async function spoilStatistics(): Promise<void> {
    await store.rows('alter table atom_term set (autovacuum_enabled = off)');
    await store.fillTerms(termRows / 5);
    await store.rows(`select pg_clear_attribute_stats('public', 'atom_term', 'term', false)`);
    await store.rows(
      `select pg_restore_attribute_stats('schemaname', 'public', 'relname', 'atom_term', 'attname', 'term',
         'inherited', false, 'null_frac', 0::real, 'avg_width', 8, 'n_distinct', 1::real)`,
    );
  }

  itLive('observes a plan that stale statistics made 2 x slower, and keeps fresh ones', async () => {
    await store.rows(`create index ${serving} on atom_term (tenant_id, term)`);
    await onlyType(system, 'QueryRegression');
    for (let i = 0; i < 8; i++) await interval();
    await spoilStatistics();
    await interval();
    const asked = await proposed('QueryRegression', /^statistics of atom_term$/);
    const { facts } = await findingOf(asked, 'plan-regression');
    expect(Number(facts['nowMs'])).toBeGreaterThan(2 * Number(facts['ordinaryMs']));
    expect(asked.reason).toMatch(/rows of atom_term changed since its statistics were gathered/);
    await decide(system, asked, 'approve');
    const ended = await concluded(system, asked);
    expect(ended.state).toBe('Kept');
    expect(ended.effect!.high).toBeLessThan(1);
    const [term] = await store.rows<{ n_distinct: number }>(
      `select case when n_distinct < 0 then -n_distinct * reltuples else n_distinct end as n_distinct
         from pg_stats join pg_class on relname = tablename where tablename = 'atom_term' and attname = 'term'`,
    );
    expect(term!.n_distinct).toBeGreaterThan(1_000);
  });

  itLive('undoes fresh statistics that make the plan worse, and the old ones are as before', async () => {
    for (let i = 0; i < 3; i++) await interval();
    // More to find for every question, all over the table: slower for a reason that no statistics cure.
    const words = await store.sharedTerms(6, 20);
    expect(words.length).toBeGreaterThanOrEqual(8);
    const list = words.map((word) => `'${word}'`).join(',');
    const scattered = `case when i % 6 = 0 then (array[${list}])[1 + (i / 6) % ${words.length}] else 'filler' || (i % ${fillerTerms}) end`;
    await store.fillTerms(12_000 * words.length, scattered);
    // Told that reading here and there is dear, the planner scans the table whole for as many rows as there really are;
    // for the few of the old statistics it uses the index, and that is the quicker way.
    await store.configure({ random_page_cost: '11', enable_bitmapscan: 'off' });
    // And looking at a row is dearer than it is told, so that reading all of them is the slower way beyond doubt.
    await store.slowTerms();
    // Act's sessions begin anew.
    process.kill(system.pidOf('act'), 'SIGKILL');
    try {
      await interval();
      const asked = await proposed('QueryRegression', /^statistics of atom_term$/);
      await findingOf(asked, 'plan-regression');
      const before = await store.stateOfTable('atom_term');
      await decide(system, asked, 'approve');
      const ended = await concluded(system, asked);
      expect(ended.state).toBe('RevertedHarm');
      expect(await store.stateOfTable('atom_term')).toBe(before);
    } finally {
      await store.configure({ random_page_cost: null, enable_bitmapscan: null });
      await store.quickTerms();
      // With so much to find, no index would be of use to what comes next.
      await store.forgetTerms(words);
    }
  });
});

describe('IndexOptimization over four services', () => {
  itLive(
    'observes a missing index and keeps it: asked again for a stale plan, approved once of two',
    async () => {
      await store.rows(`drop index if exists ${serving}`);
      await store.rows('analyze atom_term');
      await onlyType(system, 'IndexOptimization');
      await interval();
      const asked = await proposed('IndexOptimization', /^atom_term\(tenant_id, term\)/);
      const { summary } = await findingOf(asked, 'missing-index');
      expect(summary).toMatch(/scan all \d+ rows of atom_term/);
      expect(asked.inverse).toMatchObject({ kind: 'drop-index' });

      // Somebody else changes the table meanwhile: what was approved is not what would be done.
      await store.rows('create index by_hand on atom_term (atom_id)');
      await decide(system, asked, 'approve');
      const again = await askedAgain(asked);
      expect(again.approvedBy).toEqual([]);
      expect((await store.indexesOf('atom_term')).join()).not.toMatch(/\(tenant_id, term\)/);

      const votes = await Promise.allSettled([
        decide(system, again, 'approve', 'approver'),
        decide(system, again, 'approve', 'admin'),
      ]);
      expect(votes.some((vote) => vote.status === 'fulfilled')).toBe(true);
      const ended = await concluded(system, asked);
      expect(ended.state).toBe('Kept');
      expect(ended.effect!.high).toBeLessThan(1);
      expect(ended.approvedBy).toHaveLength(1);
      // Once for the plan that went stale, once for the one that was done; the slower of the two voters changed nothing.
      expect(ended.transitions.filter((step) => step.event === 'approve')).toHaveLength(2);
      expect((await store.indexesOf('atom_term')).join()).toMatch(/\(tenant_id, term\)/);
    },
  );

  itLive('undoes an index that only costs writes, and the table is as before', async () => {
    // A report that reads the table: the engine argues for an index that no request has a use for.
    await store.report('select count(atom_id) from atom_term where tenant_id = $1 and tf = $2', 40);
    const asked = await proposed('IndexOptimization', /^atom_term\(tenant_id, tf\)/);
    await findingOf(asked, 'missing-index');
    const before = await store.stateOfTable('atom_term');
    await decide(system, asked, 'approve');
    const ended = await concluded(system, asked);
    expect(undone).toContain(ended.state);
    // No search uses it: what it does to writes of the table is what was measured, in pairs.
    expect(ended.transitions.some((step) => /replayed writes of atom_term/.test(step.reason))).toBe(true);
    expect(ended.pairs).toBeGreaterThan(0);
    expect(ended.transitions.map((step) => step.toState)).toContain('Verifying');
    expect(await store.stateOfTable('atom_term')).toBe(before);
  });
});

describe('CacheWarming over four services', () => {
  // Whatever was planted above is gone: here an answer takes milliseconds to compute.
  beforeAll(async () => {
    await store.rows('delete from atom_term where atom_id not in (select atom_id from tenant_atom)');
    await store.rows('vacuum full atom_term');
    await store.rows('analyze atom_term');
  }, 300_000);

  itLive('observes a cold cache and keeps the answers of frequent keys', async () => {
    await onlyType(system, 'CacheWarming');
    await traffic.more(askedOften);
    const asked = await proposed('CacheWarming', /^answers of model/, askedOften);
    expect((await findingOf(asked, 'frequent-reads')).summary).toMatch(/0 % from the cache/);
    await decide(system, asked, 'approve');
    const ended = await concluded(system, asked);
    expect(ended.state).toBe('Kept');
    expect(ended.effect!.high).toBeLessThan(1);
    const [kept] = await store.rows<{ count: string }>(
      'select count(*) from cached_activation where action_id = $1 and enabled',
      [asked.id],
    );
    expect(Number(kept!.count)).toBeGreaterThan(10);
  });

  itLive('undoes a smaller cache that gives up what is asked for, and every answer is back', async () => {
    // Told that the cache may hold next to nothing, the loop gives up answers, though all are asked for all the time.
    await store.setting('cache.budgetBytes', '1');
    const asked = await proposed('CacheWarming', /^answers kept by action/, usual.length);
    expect((await findingOf(asked, 'idle-answers')).summary).toMatch(/its budget is 1 /);
    expect(asked.inverse).toMatchObject({ kind: 'refill-answers' });
    const before = await store.stateOfAnswers();
    await decide(system, asked, 'approve');
    await reached(system, asked, ['Verifying']);
    expect(await store.stateOfAnswers()).not.toBe(before);
    const ended = await concluded(system, asked);
    expect(ended.state).toBe('RevertedHarm');
    expect(await store.stateOfAnswers()).toBe(before);
    await store.setting('cache.budgetBytes', null);
  });

  itLive('undoes a cache that is slower than the answer, and nothing of it is left', async () => {
    // Other answers, and other questions: what was kept is about a corpus that is no more, and would be written over.
    await store.rows('update corpus_state set version = version + 1');
    await store.rows('delete from cached_activation');
    traffic.ask(others);
    await traffic.more(askedOften);
    const asked = await proposed('CacheWarming', /^answers of model/, askedOften);
    await findingOf(asked, 'frequent-reads');
    const before = await store.stateOfAnswers();
    await store.slowAnswers(asked.id, slowLookUpSeconds);
    try {
      await decide(system, asked, 'approve');
      const ended = await concluded(system, asked);
      expect(ended.state).toBe('RevertedHarm');
      expect(await store.stateOfAnswers()).toBe(before);
    } finally {
      await store.quickAnswers();
    }
  });
});

describe('ConceptDiscovery over four services', () => {
  itLive('undoes groups that no longer hold together, and nothing of them is left', async () => {
    await onlyType(system, 'ConceptDiscovery');
    const asked = await proposed('ConceptDiscovery', /^concepts of/);
    await findingOf(asked, 'concepts');
    const before = await store.stateOfAnswers();
    await store.dealVectors();
    await decide(system, asked, 'approve');
    const ended = await concluded(system, asked);
    expect(undone).toContain(ended.state);
    expect(await store.stateOfAnswers()).toBe(before);
    await store.restoreVectors();
  });

  itLive('observes unassigned groups and keeps their concepts', async () => {
    // One atom less: what is observed is no longer what was just undone, and its target may be tried again.
    await store.forgetOneVector();
    const asked = await proposed('ConceptDiscovery', /^concepts of/);
    expect((await findingOf(asked, 'concepts')).summary).toMatch(/atoms belong to no concept/);
    await decide(system, asked, 'approve');
    const ended = await concluded(system, asked);
    expect(ended.state).toBe('Kept');
    const labels = await store.rows<{ label: string }>('select label from concept where kept');
    expect(labels.map((row) => row.label)).toEqual(expect.arrayContaining(['Group 0', 'Group 1']));
  });
});
