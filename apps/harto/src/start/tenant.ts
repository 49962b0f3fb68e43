import { createHash, randomBytes } from 'node:crypto';
import type { Scope } from '@hartonomous/contracts';
import type { Store } from '@hartonomous/store';
import { readKeys, writeKeys } from '../installation.js';

const principals: { name: string; scopes: Scope[] }[] = [
  { name: 'admin', scopes: ['admin'] },
  { name: 'approver', scopes: ['viewer', 'operator', 'approver'] },
];

const hash = (key: string) => createHash('sha256').update(key).digest('hex');
const newKey = () => `harto_${randomBytes(32).toString('base64url')}`;

export interface LocalTenant {
  tenantId: string;
  keys: Record<string, string>;
  /** Principals that got a new key at this start. */
  created: string[];
}

/** Tenant `local` with its principals; a key that the store does not know (any more) is replaced. */
export async function ensureLocalTenant(store: Store, home: string): Promise<LocalTenant> {
  const tenant = await store.withSystem('ensure the local tenant', (tx) => tx.tenants.ensure('local'));
  const known = readKeys(home)?.keys ?? {};
  const keys: Record<string, string> = {};
  const created: string[] = [];
  for (const { name, scopes } of principals) {
    const present = known[name];
    const identity = present
      ? await store.withSystem('check a local key', (tx) => tx.tenants.identify(hash(present)))
      : null;
    if (present && identity?.tenantId === tenant.id) {
      keys[name] = present;
      continue;
    }
    const key = newKey();
    await store.withTenant(tenant.id, async (tx) => {
      const principal = await tx.principals.ensure(name);
      await tx.principals.addKey({
        principalId: principal.id,
        keyHash: hash(key),
        scopes,
        label: 'local installation',
        expiresAt: null,
      });
    });
    keys[name] = key;
    created.push(name);
  }
  if (created.length > 0) writeKeys(home, { tenantId: tenant.id, keys });
  return { tenantId: tenant.id, keys, created };
}
