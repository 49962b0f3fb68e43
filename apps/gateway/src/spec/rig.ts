import { fileURLToPath } from 'node:url';
import { newId, planHash, type ActionState, type Candidate, type Scope } from '@hartonomous/contracts';
import type { ActionRow } from '@hartonomous/store';
import { openTestStore, type TestStore } from '@hartonomous/store/testing';
import { createTestFolder, removeTestFolder, spawnNode, type NodeProcess } from '@hartonomous/testing';
import { hashKey, newKey } from '../http/identity.js';

const script = fileURLToPath(new URL('../main.js', import.meta.url));

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The parsed body; undefined when it is not JSON. */
  json: Record<string, never>;
}

interface Ask {
  method?: string;
  key?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** The gateway as a process of its own, on a store of its own. */
export interface Rig extends TestStore {
  url: string;
  gateway: NodeProcess;
  ask(path: string, options?: Ask): Promise<Answer>;
  key(scopes: Scope[], options?: KeyOptions): Promise<{ key: string; keyId: string; principalId: string }>;
  otherTenant(): Promise<string>;
  close(): Promise<void>;
}

interface KeyOptions {
  tenantId?: string;
  expiresAt?: Date;
}

export async function startRig(env: Record<string, string> = {}): Promise<Rig> {
  const test = await openTestStore();
  const home = createTestFolder();
  const gateway = spawnNode(script, {
    env: {
      STORE_URL: test.urls.url,
      STORE_SYSTEM_URL: test.urls.systemUrl,
      QUEUE_URL: test.urls.queueUrl,
      HARTO_HOME: home,
      SHUTDOWN_MS: '1000',
      PORT: '0',
      ...env,
    },
  });
  const ready = JSON.parse(await gateway.line(/"event":"ready"/)) as { port: number };
  const url = `http://127.0.0.1:${ready.port}`;
  return {
    ...test,
    url,
    gateway,
    ask: (path, options) => ask(url + path, options),
    key: (scopes, options = {}) => addKey(test, scopes, options),
    otherTenant: async () =>
      (await test.store.withSystem('test', (tx) => tx.tenants.ensure(`t-${newId()}`))).id,
    close: async () => {
      await gateway.stop();
      await test.close();
      removeTestFolder(home);
    },
  };
}

async function ask(url: string, { method = 'GET', key, body, headers = {} }: Ask = {}): Promise<Answer> {
  const response = await fetch(url, {
    method,
    redirect: 'manual',
    headers: {
      ...(key ? { authorization: `Bearer ${key}` } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  const json = (isJson ? JSON.parse(text) : undefined) as Answer['json'];
  return { status: response.status, headers: response.headers, text, json };
}

async function addKey(test: TestStore, scopes: Scope[], { tenantId, expiresAt }: KeyOptions) {
  const key = newKey();
  return test.store.withTenant(tenantId ?? test.tenantId, async (tx) => {
    const { id: principalId } = await tx.principals.ensure(`person ${scopes.join(' ')}`);
    const keyHash = hashKey(key);
    const row = { principalId, keyHash, scopes, label: 'test', expiresAt: expiresAt ?? null };
    return { key, keyId: await tx.principals.addKey(row), principalId };
  });
}

const ordinary: Candidate = {
  type: 'CacheWarming',
  target: 'ten most used keys',
  targetClass: 'cache',
  design: 'matched-key-pairs',
  actionClass: 'B',
  blastRadius: 'tenant',
  undoTime: 'instant',
  parameters: {},
  reason: 'test',
  evidence: { findingKinds: [], rowIds: [] },
  expected: { metric: 'latency', direction: 'lower', size: -0.2, low: -0.4, high: -0.1 },
  exposure: { requestsPerHour: 100, meanSeconds: 0.01 },
  costSeconds: 1,
  risk: 'none',
  inverse: {},
};

/** An action with its cycle and hypothesis, as Hypothesize and Act would have written them. */
export function addAction(
  test: TestStore,
  tenantId: string,
  state: ActionState,
  changes: Partial<Candidate> = {},
): Promise<ActionRow> {
  const candidate = { ...ordinary, target: `keys ${newId()}`, ...changes };
  return test.store.withTenant(tenantId, async (tx) => {
    const dueAt = await tx.now();
    const asked = { id: newId(), scope: 'full' as const, requestedBy: 'test', dueAt };
    const { cycle } = await tx.cycles.request(asked);
    const hypothesis = {
      id: newId(),
      cycleId: cycle.id,
      candidate,
      planHash: planHash(candidate),
      value: 1,
      selectionProbability: 1,
      chosen: true,
    };
    await tx.cycles.addHypotheses([hypothesis]);
    const { type, target, targetClass, design, actionClass, expected, exposure } = candidate;
    return tx.actions.create({
      id: newId(),
      cycleId: cycle.id,
      hypothesisId: hypothesis.id,
      type,
      target,
      targetClass,
      design,
      actionClass,
      state,
      planHash: hypothesis.planHash,
      parameters: {},
      inverse: {},
      expected,
      exposure,
      snapshotHash: null,
      progress: {},
      fingerprint: null,
      reason: 'test',
      traceId: null,
      expiresAt: null,
    });
  });
}
