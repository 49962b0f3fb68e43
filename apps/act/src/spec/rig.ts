import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { handleOnce } from '@hartonomous/bus';
import {
  builtActionTypes,
  newId,
  planHash,
  type Candidate,
  type Envelope,
  type HypothesisType,
  type MessageRefs,
} from '@hartonomous/contracts';
import { createSearch, ingestCorpus } from '@hartonomous/retrieval';
import { KillSwitch, systemClock } from '@hartonomous/service-kit';
import type { ActionRow, OutboxRow, Store } from '@hartonomous/store';
import { openTestStore } from '@hartonomous/store/testing';
import { createTestFolder, removeTestFolder } from '@hartonomous/testing';
import type { ActDeps } from '../act-deps.js';
import { advanceAction } from '../advance-action.js';
import { decideAction, unkeepAction } from '../decide-action.js';
import { startActions } from '../start-actions.js';

/** Act on a real store, with the messages that it writes handed back to it by `pump`. */
export interface Rig {
  store: Store;
  superuserUrl: string;
  queueUrl: string;
  deps: ActDeps;
  /** The switch as the service reads it. */
  killSwitch: KillSwitch;
  tenant(): Promise<string>;
  close(): Promise<void>;
}

export async function startRig(options: { now?: () => Date; scale?: number } = {}): Promise<Rig> {
  const test = await openTestStore({ poolSize: 8 });
  const home = createTestFolder();
  const { store } = test;
  const search = createSearch({ store });
  // A slow machine is not an unreadable switch.
  const clock = {
    ...systemClock,
    sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(20 * ms, signal),
  };
  const killSwitch = new KillSwitch({ store, clock, home, forced: false });
  const deps: ActDeps = {
    store,
    answer: (tx, request) => search.computeAnswer(tx, tx.tenantId, request),
    now: options.now ?? (() => new Date()),
    // 72 h are seven minutes then: more than any test measures.
    scale: options.scale ?? 600,
    stepMs: 1_000,
    lanes: async () => [],
    upSince: new Date(0),
    once: (message, work) => handleOnce({ store, service: 'act' }, message, work),
    assertRunning: () => killSwitch.assertOff(),
    traceId: () => null,
  };
  return {
    store,
    superuserUrl: test.urls.superuserUrl!,
    queueUrl: test.urls.queueUrl,
    deps,
    killSwitch,
    tenant: async () => (await store.withSystem('test', (tx) => tx.tenants.ensure(`t-${newId()}`))).id,
    close: async () => {
      await test.close();
      removeTestFolder(home);
    },
  };
}

/** A corpus of a few real paragraphs, so that searches have something to compute. */
export async function ingestParagraphs(rig: Rig, tenantId: string, count: number): Promise<string[]> {
  const dir = createTestFolder();
  mkdirSync(join(dir, 'docs'));
  const words = ['lease', 'evidence', 'index', 'queue', 'trace', 'cache', 'plan', 'verdict'];
  const queries: string[] = [];
  for (let i = 0; i < count; i++) {
    const query = `${words[i % words.length]} ${words[(i * 3 + 1) % words.length]} chapter${i}`;
    queries.push(query);
    writeFileSync(
      join(dir, 'docs', `p${i}.md`),
      `# ${query}\n\nThis part tells how the ${query} is renewed.\n`,
    );
  }
  await ingestCorpus({ store: rig.store, tenantId, corpus: 'test', roots: [{ dir }] });
  removeTestFolder(dir);
  return queries;
}

export function candidateOf(type: HypothesisType, patch: Partial<Candidate> = {}): Candidate {
  const info = builtActionTypes[type]!;
  return {
    type,
    target: `${type} ${newId()}`,
    targetClass: info.targetClass,
    design: info.design,
    actionClass: info.actionClass,
    blastRadius: info.blastRadius,
    undoTime: info.undoTime,
    parameters: {},
    reason: 'test',
    evidence: { findingKinds: [], rowIds: [] },
    expected: { metric: 'latency', direction: 'lower', size: -0.2, low: -0.4, high: -0.1 },
    exposure: { requestsPerHour: 100, meanSeconds: 0.01 },
    costSeconds: 1,
    risk: 'none',
    inverse: {},
    ...patch,
  };
}

export function envelope<N extends Envelope['name']>(
  name: N,
  tenantId: string,
  refs: MessageRefs<N>,
  epoch = 3,
): Envelope<N> {
  return { v: 1, messageId: newId(), name, tenantId, epoch, refs };
}

/** A decided cycle with these candidates chosen: the message that Act gets. */
export async function decided(
  rig: Rig,
  tenantId: string,
  candidates: Candidate[],
): Promise<Envelope<'loop.hypotheses.ranked'>> {
  return rig.store.withTenant(tenantId, async (tx) => {
    const { cycle } = await tx.cycles.request({
      id: newId(),
      scope: 'full',
      requestedBy: 'test',
      dueAt: new Date(),
    });
    await tx.cycles.advance(cycle.id, 0, 'Requested', 'Observed');
    await tx.cycles.advance(cycle.id, 1, 'Observed', 'Decided');
    const rows = candidates.map((candidate) => ({
      id: newId(),
      cycleId: cycle.id,
      candidate,
      planHash: planHash(candidate),
      value: 1,
      selectionProbability: 1,
      chosen: true,
    }));
    await tx.cycles.addHypotheses(rows);
    const refs = { cycleId: cycle.id, hypothesisIds: rows.map((r) => r.id) };
    return envelope('loop.hypotheses.ranked', tenantId, refs, 2);
  });
}

/** The actions of a cycle with these candidates, before any of their messages is delivered. */
export async function started(rig: Rig, tenantId: string, candidates: Candidate[]): Promise<ActionRow[]> {
  const message = await decided(rig, tenantId, candidates);
  await startActions(rig.deps, message);
  const { cycleId } = message.refs;
  return rig.store.withTenant(tenantId, (tx) => tx.actions.list({ cycleId, limit: 100 }));
}

export const reread = async (rig: Rig, tenantId: string, id: string): Promise<ActionRow> =>
  (await rig.store.withTenant(tenantId, (tx) => tx.actions.get(id)))!;

const dueMessages = (rig: Rig): Promise<OutboxRow[]> =>
  rig.store.withSystem('test', (tx) => tx.plumbing.claimOutbox(200, 0, 1));

const envelopeOf = (row: OutboxRow): Envelope => ({
  v: 1,
  messageId: row.id,
  name: row.name,
  tenantId: row.tenantId,
  epoch: row.epoch,
  refs: row.refs as never,
});

async function dispatch(deps: ActDeps, message: Envelope): Promise<void> {
  switch (message.name) {
    case 'loop.hypotheses.ranked':
      return startActions(deps, message as Envelope<'loop.hypotheses.ranked'>);
    case 'loop.evidence.block.due':
      return advanceAction(deps, message as Envelope<'loop.evidence.block.due'>);
    case 'loop.action.decided':
      return decideAction(deps, message as Envelope<'loop.action.decided'>);
    case 'loop.action.unkeep.requested':
      return unkeepAction(deps, message as Envelope<'loop.action.unkeep.requested'>);
    default:
  }
}

/** Delivers what is due for Act now; how many messages. */
export async function dispatchDue(rig: Rig, tenantId: string): Promise<number> {
  const rows = (await dueMessages(rig)).filter((r) => r.tenantId === tenantId);
  for (const row of rows) await dispatch(rig.deps, envelopeOf(row));
  return rows.length;
}

/** Delivers what Act wrote to itself until the action has ended, or `ms` have passed. */
export async function pump(rig: Rig, tenantId: string, actionId: string, ms = 150_000): Promise<ActionRow> {
  const until = Date.now() + ms;
  for (;;) {
    const delivered = await dispatchDue(rig, tenantId);
    const action = await reread(rig, tenantId, actionId);
    if (action.concludedAt || Date.now() > until || isEnd(action)) return action;
    if (delivered === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const isEnd = (action: ActionRow): boolean =>
  ['Gated', 'Rejected', 'Expired', 'ProposalAccepted', 'ProposalDismissed'].includes(action.state);
