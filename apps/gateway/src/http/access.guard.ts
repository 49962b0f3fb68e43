import { HartoError, type Scope } from '@hartonomous/contracts';
import { STORE } from '@hartonomous/service-kit';
import type { KeyIdentity, Store } from '@hartonomous/store';
import { Inject, Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { allows, hashKey, presentedKey, type AuthenticatedRequest } from './identity.js';

const scopeKey = 'harto:scope';

/** What a route needs; a route without one is refused to everybody. */
export const Needs = (scope: Scope | 'public') => SetMetadata(scopeKey, scope);

const cachedForMs = 5_000;
const cachedMax = 1_000;
/** Header that a cross-site form cannot send: what a cookie alone may not do. */
const csrfHeader = 'x-harto-console';

@Injectable()
export class AccessGuard implements CanActivate {
  private readonly known = new Map<string, { identity: KeyIdentity; until: number }>();

  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(STORE) private readonly store: Store,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const needed = this.reflector.getAllAndOverride<Scope | 'public' | undefined>(scopeKey, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (needed === 'public') return true;
    if (!needed) throw new HartoError('AUTH_FORBIDDEN', 'this route declares no scope');
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const presented = presentedKey(request);
    const identity = presented ? await this.identify(hashKey(presented.key)) : null;
    if (!presented || !identity) {
      throw new HartoError(
        'AUTH_MISSING',
        'send a valid API key as "Authorization: Bearer ..."; keys are in .hartonomous/keys',
      );
    }
    if (presented.from === 'cookie' && request.method !== 'GET' && !request.headers[csrfHeader]) {
      throw new HartoError('AUTH_FORBIDDEN', `a console session needs the ${csrfHeader} header to write`);
    }
    if (!allows(identity.scopes, needed)) {
      throw new HartoError(
        'AUTH_FORBIDDEN',
        `this needs the scope "${needed}"; the key has ${identity.scopes.join(', ')}`,
      );
    }
    request.identity = identity;
    return true;
  }

  private async identify(hash: string): Promise<KeyIdentity | null> {
    const now = Date.now();
    const cached = this.known.get(hash);
    if (cached && cached.until > now) return cached.identity;
    const identity = await this.store.withSystem('identify an API key', (tx) => tx.tenants.identify(hash));
    if (this.known.size >= cachedMax) this.known.clear();
    if (identity) this.known.set(hash, { identity, until: now + cachedForMs });
    else this.known.delete(hash);
    return identity;
  }
}
