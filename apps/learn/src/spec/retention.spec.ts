import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import { openTestStore, type TestStore } from '@hartonomous/store/testing';
import { inboxRetentionDays, Retention } from '../retention.js';

const dayMs = 86_400_000;

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test?.close());

it('forgets received messages after their retention, not before, and looks once a day', async () => {
  const { store } = test;
  const tenant = await store.withSystem('test', (tx) => tx.tenants.ensure('retention'));
  const messageId = newId();
  const receive = () => store.withTenant(tenant.id, (tx) => tx.inbox.receive(messageId, 'learn'));
  expect(await receive()).toBe(true);
  const receivedAt = Date.now();
  const retention = new Retention(store);
  const after = (days: number) => retention.keep(new Date(receivedAt + days * dayMs));

  expect(await after(inboxRetentionDays - 1)).toMatchObject({ inbox: 0, model_alias: 0 });
  expect(await receive()).toBe(false);
  expect(await after(inboxRetentionDays - 0.5)).toBeNull();
  expect(await after(inboxRetentionDays + 1)).toMatchObject({ inbox: 1 });
  expect(await receive()).toBe(true);
});
