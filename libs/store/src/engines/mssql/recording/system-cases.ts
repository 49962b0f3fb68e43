import type { SystemTransaction } from '../../../port/store.js';

const id = '00000000-0000-4000-8000-000000000002';
const at = new Date('2026-01-01T00:00:00.000Z');

const span = {
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  parentSpanId: null,
  tenantId: id,
  service: 'act',
  name: 'step',
  kind: 'internal',
  startedAt: at,
  durationMs: 1.5,
  status: 'ok' as const,
  attributes: {},
  links: [],
};

/** One call of every method of the port's system side; a method without one fails the test. */
export const systemCases: Record<string, (tx: SystemTransaction) => Promise<unknown>> = {
  now: (tx) => tx.now(),
  'tenants.ensure': (tx) => tx.tenants.ensure('main'),
  'tenants.list': (tx) => tx.tenants.list(),
  'tenants.identify': (tx) => tx.tenants.identify('c'.repeat(64)),
  'plumbing.claimOutbox': (tx) => tx.plumbing.claimOutbox(10, 1_000, 1_000),
  'plumbing.markPublished': (tx) => tx.plumbing.markPublished([id]),
  'plumbing.outboxAge': (tx) => tx.plumbing.outboxAge(),
  'plumbing.pruneInbox': (tx) => tx.plumbing.pruneInbox(at),
  'plumbing.pruneHistory': (tx) => tx.plumbing.pruneHistory(at),
  'plumbing.addDeadLetter': (tx) =>
    tx.plumbing.addDeadLetter({
      id,
      queue: 'act',
      messageId: id,
      name: 'n',
      code: 'c',
      reason: 'r',
      body: '{}',
    }),
  'plumbing.deadLetters': (tx) => tx.plumbing.deadLetters(10),
  'plumbing.killSwitch': (tx) => tx.plumbing.killSwitch(),
  'plumbing.setKillSwitch': (tx) => tx.plumbing.setKillSwitch(true, 'test', 'operator'),
  'plumbing.beat': (tx) =>
    tx.plumbing.beat({ service: 'act', instance: 'one', pid: 1, startedAt: at, detail: {} }),
  'plumbing.heartbeats': (tx) => tx.plumbing.heartbeats(),
  'plumbing.acquireLease': (tx) => tx.plumbing.acquireLease('relay', 'one', 1_000),
  'plumbing.releaseLease': (tx) => tx.plumbing.releaseLease('relay', 'one'),
  'spans.write': (tx) => tx.spans.write([span]),
  'spans.prune': (tx) => tx.spans.prune(1_000, ['a'.repeat(32)]),
  'spans.byTrace': (tx) => tx.spans.byTrace('a'.repeat(32)),
  'computations.runnable': (tx) => tx.computations.runnable(10),
  'computations.usage': (tx) => tx.computations.usage(60_000),
  'computations.unattended': (tx) => tx.computations.unattended(60_000),
};
