import { createHash, randomBytes } from 'node:crypto';
import type { Scope } from '@hartonomous/contracts';
import type { KeyIdentity } from '@hartonomous/store';
import type { Request } from 'express';

export const sessionCookie = 'harto_session';

/** 256 random bits; only its hash is stored. */
export const newKey = (): string => `harto_${randomBytes(32).toString('base64url')}`;
export const hashKey = (key: string): string => createHash('sha256').update(key).digest('hex');

export type AuthenticatedRequest = Request & { identity?: KeyIdentity };

const keyPattern = /^harto_[A-Za-z0-9_-]{43}$/;

export interface PresentedKey {
  key: string;
  from: 'header' | 'cookie';
}

/** The key of a request: bearer header first, then the console's session cookie. */
export function presentedKey(request: Request): PresentedKey | null {
  const bearer = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
  if (bearer) return keyPattern.test(bearer) ? { key: bearer, from: 'header' } : null;
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [name, value] = part.trim().split('=', 2);
    if (name === sessionCookie && value && keyPattern.test(value)) return { key: value, from: 'cookie' };
  }
  return null;
}

/** admin includes every scope; approver and operator include viewer. */
export function allows(scopes: readonly Scope[], needed: Scope): boolean {
  if (scopes.includes('admin') || scopes.includes(needed)) return true;
  return needed === 'viewer' && scopes.length > 0;
}
