import type { Scope } from '@hartonomous/contracts';

export interface TenantRow {
  id: string;
  name: string;
}

export interface PrincipalRow {
  id: string;
  tenantId: string;
  name: string;
}

/** What a presented API key stands for. */
export interface KeyIdentity {
  keyId: string;
  tenantId: string;
  principalId: string;
  principal: string;
  scopes: Scope[];
}

export interface TenantRepository {
  ensure(name: string): Promise<TenantRow>;
  list(): Promise<TenantRow[]>;
  /** Looks a key up by its SHA-256; expired and revoked ones are not found. */
  identify(keyHash: string): Promise<KeyIdentity | null>;
}

export interface PrincipalRepository {
  ensure(name: string): Promise<PrincipalRow>;
  list(): Promise<PrincipalRow[]>;
  addKey(input: {
    principalId: string;
    keyHash: string;
    scopes: Scope[];
    label: string;
    expiresAt: Date | null;
  }): Promise<string>;
  revokeKey(keyId: string): Promise<boolean>;
}
