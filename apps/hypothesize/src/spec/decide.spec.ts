import { describe, expect, it } from '@jest/globals';
import { builtActionTypes, type Candidate, type Finding, type HypothesisType } from '@hartonomous/contracts';
import type { BeliefRow } from '@hartonomous/store';
import { choose, type Selection } from '../choose.js';
import { placeboCandidate } from '../proposers/placebo.js';
import { proposeAll } from '../proposers/registry.js';
import type { ProposerContext } from '../proposers/proposer.js';
import type { Known, SettledTarget } from '../rank-inputs.js';

const hourMs = 3_600_000;
const nowMs = Date.UTC(2026, 10, 21);

const context: ProposerContext = {
  requestsPerHour: 3_600,
  meanSeconds: 0.05,
  schemaFingerprint: 'schema-1',
  windowTo: '2026-11-21T00:00:00.000Z',
  heldOut: (key) => key.startsWith('held'),
};

const candidateOf = (type: HypothesisType, patch: Partial<Candidate> = {}): Candidate => ({
  ...placeboCandidate(context),
  type,
  target: `${type} target`,
  targetClass: builtActionTypes[type]?.targetClass ?? 'none',
  actionClass: builtActionTypes[type]?.actionClass ?? 'D',
  parameters: { fingerprint: 'f1' },
  ...patch,
});

const known = (patch: Partial<Known> = {}): Known => ({
  tenantId: 't',
  cycleNumber: 1,
  settled: [],
  open: [],
  modes: new Map(),
  beliefs: [],
  nowMs,
  scale: 1,
  ...patch,
});

const chosenOf = (candidates: Candidate[], patch: Partial<Known> = {}): Selection =>
  choose(candidates, 'c1', known(patch));

const codesOf = (candidate: Candidate, patch: Partial<Known> = {}): string[] =>
  chosenOf([candidate], patch).rejected.map((r) => r.reasonCode);

const settled = (state: SettledTarget['state'], hoursAgo: number, patch: Partial<SettledTarget> = {}) => [
  {
    type: 'IndexOptimization',
    target: 'IndexOptimization target',
    state,
    concludedAt: new Date(nowMs - hoursAgo * hourMs),
    fingerprint: 'f1',
    reverts: 1,
    ...patch,
  },
];

describe('what must not be tried now', () => {
  const index = candidateOf('IndexOptimization', { exposure: { requestsPerHour: 36_000, meanSeconds: 0.5 } });

  it('lets through what nothing speaks against', () => {
    const { hypotheses, rejected } = chosenOf([index]);
    expect(hypotheses.map((h) => h.candidate)).toEqual([index]);
    expect(rejected).toEqual([]);
  });

  it('names every refusal', () => {
    expect(codesOf(candidateOf('PruneModel'))).toEqual(['unavailable']);
    expect(codesOf(index, { modes: new Map([['mode.IndexOptimization', 'Off']]) })).toEqual(['mode']);
    expect(codesOf(index, { open: [{ type: 'QueryRegression' }] })).toEqual(['scope-locked']);
    expect(codesOf(index, { open: [{ type: 'CacheWarming' }] })).toEqual([]);
    expect(codesOf(index, { settled: settled('Kept', 1) })).toEqual(['already-kept']);
    expect(codesOf(index, { settled: settled('Kept', 1, { fingerprint: 'f0' }) })).toEqual([]);
  });

  it.each([
    [1, 0.5, ['cooling-down']],
    [1, 1.5, ['fingerprint-unchanged']],
    [3, 10, ['cooling-down']],
    [3, 17, ['fingerprint-unchanged']],
  ])('waits 1 h x 4^k after %d revert(s): after %d h it is %j', (reverts, hoursAgo, codes) => {
    const undone = settled('RevertedHarm', hoursAgo, { reverts });
    expect(codesOf(index, { settled: undone })).toEqual(codes);
    const changed = { ...index, parameters: { fingerprint: 'f2' } };
    const stillCooling = codes[0] === 'cooling-down' ? ['cooling-down'] : [];
    expect(codesOf(changed, { settled: undone })).toEqual(stillCooling);
  });

  it('divides the wait by the time scale, and has every reason in words', () => {
    const undone = settled('Inconclusive', 0.5);
    expect(codesOf(index, { settled: undone, scale: 60 })).toEqual(['fingerprint-unchanged']);
    const [rejected] = chosenOf([index], { settled: undone }).rejected;
    expect(rejected!.reason).toMatch(/cooling down for another 30 min/);
  });
});

describe('what is tried', () => {
  const good = (type: HypothesisType, target: string): Candidate =>
    candidateOf(type, { target, exposure: { requestsPerHour: 36_000, meanSeconds: 0.5 } });

  it('draws the same for the same cycle, with the probability logged', () => {
    const candidates = [good('IndexOptimization', 'a'), good('CacheWarming', 'b')];
    const [one, two] = [chosenOf(candidates), chosenOf(candidates)];
    expect(one.hypotheses.map((h) => [h.candidate.target, h.value])).toEqual(
      two.hypotheses.map((h) => [h.candidate.target, h.value]),
    );
    for (const h of one.hypotheses) {
      expect(h.selectionProbability).toBeGreaterThanOrEqual(0);
      expect(h.selectionProbability).toBeLessThanOrEqual(1);
      expect(h.planHash).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  it('tries one of two on the same scope, and says so of the other', () => {
    const both = chosenOf([good('IndexOptimization', 'a'), good('QueryRegression', 'b')]);
    expect(both.hypotheses).toHaveLength(1);
    expect(both.rejected.map((r) => r.reasonCode)).toEqual(['scope-locked']);
  });

  it('tries nothing that does not pay, unless its turn has come', () => {
    const beliefs = ['arm', 'type'].map((kind): BeliefRow => ({
      kind: kind as 'arm' | 'type',
      key: kind === 'arm' ? 'IndexOptimization|index|t' : 'IndexOptimization',
      successes: 0,
      failures: 40,
      gainCount: 0,
      gainMean: 0,
      gainM2: 0,
      trials: 40,
      harms: 20,
      firstSeenCycle: 1,
      lastTriedCycle: 9,
      asOfCycle: 10,
      version: 1,
    }));
    const idle = candidateOf('IndexOptimization', {
      exposure: { requestsPerHour: 0.001, meanSeconds: 0.001 },
      costSeconds: 100,
    });
    const result = chosenOf([idle], { cycleNumber: 10, beliefs });
    expect(result.hypotheses).toEqual([]);
    expect(result.rejected).toMatchObject([{ reasonCode: 'value-not-positive' }]);
  });

  it('gives an arm its turn within 50 cycles of its first sight, though it does not pay', () => {
    const idle = candidateOf('IndexOptimization', {
      exposure: { requestsPerHour: 0.001, meanSeconds: 0.001 },
      costSeconds: 100,
    });
    const first = chosenOf([idle], { cycleNumber: 7 });
    expect(first.rejected).toMatchObject([{ reasonCode: 'value-not-positive' }]);
    expect(first.newArms).toMatchObject([
      { kind: 'arm', firstSeenCycle: 7, lastTriedCycle: null, trials: 0, version: 0 },
    ]);
    const beliefs = first.newArms.map((arm) => ({ ...arm, version: 1 }));
    const later = (cycleNumber: number) => chosenOf([idle], { cycleNumber, beliefs });
    expect(later(40)).toMatchObject({ hypotheses: [], newArms: [] });
    // Cycles 7 to 56 are fifty.
    expect(later(56).hypotheses.map((h) => h.candidate)).toEqual([idle]);
  });

  it('makes no arm of a placebo, nor of what is refused', () => {
    const cooling = settled('RevertedHarm', 0.1);
    expect(chosenOf([placeboCandidate(context)]).newArms).toEqual([]);
    expect(chosenOf([candidateOf('IndexOptimization')], { settled: cooling }).newArms).toEqual([]);
  });

  it('always tries a placebo that was drawn', () => {
    const result = chosenOf([placeboCandidate(context)]);
    expect(result.hypotheses).toMatchObject([{ candidate: { type: 'Placebo' }, selectionProbability: 1 }]);
  });
});

const findingOf = (kind: Finding['kind'], facts: Record<string, unknown>): Finding => ({
  kind,
  summary: `found ${kind}`,
  severity: 0.5,
  rowIds: ['r1'],
  rowCount: 1,
  facts,
});

describe('proposers', () => {
  const definition = { name: 'earned_a', table: 'atom_term', columns: ['term'] };
  const missing = findingOf('missing-index', {
    definition,
    impact: 0.9,
    selectivity: 0.01,
    meanMs: 50,
    tableRows: 1_000,
    statementIds: ['q'],
  });

  it('propose an index for a missing one, with the finding as reason and an inverse', () => {
    const [candidate] = proposeAll([missing], context).candidates;
    expect(candidate).toMatchObject({
      type: 'IndexOptimization',
      target: 'atom_term(term)',
      reason: missing.summary,
      evidence: { findingKinds: ['missing-index'], rowIds: ['r1'] },
      inverse: { kind: 'drop-index', name: 'earned_a' },
    });
    expect(candidate!.expected.size).toBeLessThan(0);
    expect(candidate!.expected.low).toBeLessThan(candidate!.expected.high);
  });

  it('propose to drop an unused one', () => {
    const facts = { ...definition, sizeBytes: 8_192, idleHours: 30 };
    const [candidate] = proposeAll([findingOf('unused-index', facts)], context).candidates;
    expect(candidate).toMatchObject({
      target: 'drop earned_a',
      parameters: { operation: 'drop', definition },
      inverse: { kind: 'create-index' },
    });
  });

  it('propose fresh statistics where they are stale, and say when they are not', () => {
    const regression = (rowsModified: number) =>
      findingOf('plan-regression', {
        statementId: 'q1',
        ordinaryMs: 1,
        nowMs: 4,
        tables: [{ table: 'atom_term', rows: 100, rowsModified, analyzedAt: '2026-11-20T00:00:00.000Z' }],
      });
    const [candidate] = proposeAll([regression(50)], context).candidates;
    expect(candidate).toMatchObject({ type: 'QueryRegression', parameters: { table: 'atom_term' } });
    expect(candidate!.reason).toContain('50 of 100 rows of atom_term changed');
    expect(proposeAll([regression(5)], context)).toMatchObject({
      candidates: [],
      rejected: [{ reasonCode: 'statistics-fresh' }],
    });
  });

  it('warm the cache with keys that are neither cached nor held out, enough of them', () => {
    const key = (name: string) => ({
      inputHash: name,
      input: { query: name, limit: 10 },
      count: 10,
      meanMs: 50,
      cacheHits: 0,
      cached: false,
    });
    const keys = [
      ...Array.from({ length: 8 }, (_, i) => key(`k${i}`)),
      key('held1'),
      { ...key('hit'), cached: true },
    ];
    const reads = (some: typeof keys) =>
      findingOf('frequent-reads', { modelId: 'm', corpusVersion: 1, uses: 100, meanMs: 50, keys: some });
    const [candidate] = proposeAll([reads(keys)], context).candidates;
    const chosen = candidate!.parameters['keys'] as { inputHash: string }[];
    expect(chosen.map((k) => k.inputHash)).toEqual(keys.slice(0, 8).map((k) => k.inputHash));
    expect(proposeAll([reads(keys.slice(1))], context).rejected).toMatchObject([
      { reasonCode: 'too-few-keys' },
    ]);

    // Kept ones bar the same keys that day and no others; what was undone waits, whatever the keys.
    const fingerprintOf = (c: Candidate) => String(c.parameters['fingerprint']);
    const others = keys.slice(0, 8).map((k) => ({ ...k, inputHash: `new-${k.inputHash}` }));
    const [next] = proposeAll([reads(others)], context).candidates;
    const [tomorrow] = proposeAll([reads(keys)], {
      ...context,
      windowTo: '2026-11-22T01:00:00.000Z',
    }).candidates;
    const kept = (state: SettledTarget['state']) => ({
      settled: [
        {
          ...settled(state, 0.5)[0]!,
          type: 'CacheWarming',
          target: candidate!.target,
          fingerprint: fingerprintOf(candidate!),
        },
      ],
    });
    expect(codesOf(candidate!, kept('Kept'))).toEqual(['already-kept']);
    expect(codesOf(next!, kept('Kept'))).toEqual([]);
    expect(codesOf(tomorrow!, kept('Kept'))).toEqual([]);
    expect(codesOf(next!, kept('RevertedHarm'))).toEqual(['cooling-down']);
  });

  it('shrink the cache by answers that hardly anybody asks for, and not where nothing could be measured', () => {
    const key = (i: number) => ({
      inputHash: `k${i}`,
      input: { query: `q${i}`, limit: 10 },
      hits: i < 10 ? 2 : 0,
      computeMs: 50,
      sizeBytes: 4_000,
    });
    const idle = (count: number, from = 0) =>
      findingOf('idle-answers', {
        actionId: 'a1',
        modelId: 'm',
        hours: 2,
        answers: 30,
        givenBytes: 48_000,
        keys: Array.from({ length: count }, (_, i) => key(from + i)),
      });
    const [candidate] = proposeAll([idle(12)], context).candidates;
    expect(candidate).toMatchObject({
      type: 'CacheWarming',
      target: 'answers kept by action a1',
      targetClass: 'idle-answers',
      reason: 'found idle-answers',
      blastRadius: '12 of 30 kept answers, 48000 bytes',
      parameters: { operation: 'shrink', of: 'a1', modelId: 'm' },
      expected: { size: 0 },
      exposure: { requestsPerHour: 10, meanSeconds: 0.05 },
      inverse: { kind: 'refill-answers', of: 'a1' },
    });
    const counts = (candidate!.parameters['keys'] as { count: number }[]).map((k) => k.count);
    expect(counts).toEqual([...Array<number>(10).fill(2), 0.1, 0.1]);
    // Seven are asked for, and ten that nobody asks for.
    const { candidates, rejected } = proposeAll([idle(17, 3)], context);
    expect(candidates).toEqual([]);
    expect(rejected).toMatchObject([{ type: 'CacheWarming', reasonCode: 'too-few-keys' }]);
    expect(rejected[0]!.reason).toMatch(/^7 of 17 answers were asked for/);
  });

  it('name the type that would answer a finding and is not built', () => {
    const { candidates, rejected } = proposeAll([findingOf('duplicate-code', {})], context);
    expect(candidates).toEqual([]);
    expect(rejected).toMatchObject([{ type: 'RefactorCode', reasonCode: 'unavailable' }]);
  });

  it('let a concept go on without the atoms that drifted, where enough stay and others are kept', () => {
    const drift = (staying: number, otherConcepts: number) =>
      findingOf('concept-drift', {
        conceptId: 'c1',
        embeddingModel: 'm',
        label: 'leases',
        otherConcepts,
        members: staying + 12,
        drifted: Array.from({ length: 12 }, (_, i) => `d${i}`),
        staying: Array.from({ length: staying }, (_, i) => ({ atomId: `s${i}`, distance: 0.02 })),
      });
    const [candidate] = proposeAll([drift(18, 1)], context).candidates;
    expect(candidate).toMatchObject({
      type: 'ConceptDiscovery',
      target: 'concept leases (c1)',
      parameters: { operation: 'update', conceptId: 'c1', meanDistance: expect.closeTo(0.02, 9) },
      inverse: { kind: 'give-back-concept', conceptId: 'c1' },
      blastRadius: 'one concept: 12 of its 30 atoms leave it',
    });
    expect(candidate!.parameters['members']).toHaveLength(18);
    expect(candidate!.parameters['leaving']).toHaveLength(12);
    expect(proposeAll([drift(5, 1)], context).rejected).toMatchObject([{ reasonCode: 'too-few-members' }]);
    expect(proposeAll([drift(18, 0)], context).rejected).toMatchObject([{ reasonCode: 'too-few-groups' }]);
  });

  it('choose how places of the map are found, and name the ways that this store lacks', () => {
    const slow = (patch: Record<string, unknown>) =>
      findingOf('slow-places', {
        strategy: 'tree',
        meanMs: 40,
        tableRows: 50_000,
        servedBy: null,
        indexable: true,
        ...patch,
      });
    const tree = proposeAll([slow({})], context);
    expect(tree.candidates).toMatchObject([
      {
        type: 'IndexOptimization',
        target: 'places of the map by tree',
        parameters: { operation: 'choose-spatial', strategy: 'tree', tableRows: 50_000 },
        inverse: { kind: 'drop-index', name: 'earned_tensor_atom_tree' },
        reason: 'found slow-places',
      },
    ]);
    expect(tree.rejected).toMatchObject([{ target: 'places of the map by grid', reasonCode: 'unavailable' }]);
    const hilbert = proposeAll([slow({ strategy: 'hilbert' })], context);
    expect(hilbert.candidates).toMatchObject([{ parameters: { strategy: 'hilbert' } }]);
    expect(hilbert.rejected[0]!.reason).toBe('spatial strategy morton: no such key is stored');
    const codes = (patch: Record<string, unknown>) =>
      proposeAll([slow(patch)], context).rejected.map((r) => r.reasonCode);
    expect(codes({ servedBy: 'earned_tensor_atom_tree' })).toEqual(['unavailable', 'index-exists']);
    expect(codes({ indexable: false })).toEqual(['unavailable', 'unavailable']);
  });
});
