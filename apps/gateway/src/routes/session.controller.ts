import { createHash, randomBytes } from 'node:crypto';
import { HartoError, newId, type Scope } from '@hartonomous/contracts';
import { STORE } from '@hartonomous/service-kit';
import type { Store } from '@hartonomous/store';
import { Controller, Get, HttpCode, Inject, Post, Query, Req, Res } from '@nestjs/common';
import type { Response } from 'express';
import { z } from 'zod';
import { Needs } from '../http/access.guard.js';
import { parsed } from '../http/body.js';
import { hashKey, newKey, sessionCookie, type AuthenticatedRequest } from '../http/identity.js';

const linkMinutes = 15;
const sessionHours = 12;
const tokenSchema = z.object({ token: z.string().min(20).max(200) });

interface StoredLink {
  principalId: string;
  scopes: Scope[];
  expiresAt: string;
}

const hash = (token: string): string => createHash('sha256').update(token).digest('hex');

/**
 * Single-use links that turn an API key into a console session. The link's hash waits in the settings of its tenant,
 * so that any replica of the gateway can redeem it, once.
 */
@Controller()
export class SessionController {
  constructor(@Inject(STORE) private readonly store: Store) {}

  @Post('v1/sign-in-links')
  @HttpCode(201)
  @Needs('viewer')
  async create(@Req() request: AuthenticatedRequest): Promise<{ path: string; expiresAt: string }> {
    const who = request.identity!;
    const token = `${who.tenantId}.${newId()}.${randomBytes(24).toString('base64url')}`;
    return this.store.withTenant(who.tenantId, async (tx) => {
      const expiresAt = new Date((await tx.now()).getTime() + linkMinutes * 60_000);
      const value = JSON.stringify({ principalId: who.principalId, scopes: who.scopes, expiresAt });
      await tx.settings.set(`sign-in.${hash(token)}`, value, who.principal);
      return { path: `/sign-in?token=${token}`, expiresAt: expiresAt.toISOString() };
    });
  }

  @Get('sign-in')
  @Needs('public')
  async redeem(@Query() query: unknown, @Res() response: Response): Promise<void> {
    const { token } = parsed(tokenSchema, query);
    const [tenantId, linkId] = token.split('.') as [string, string | undefined];
    if (!z.uuid().safeParse(tenantId).success || !z.uuid().safeParse(linkId).success) throw refused();
    const key = newKey();
    await this.store.withTenant(tenantId, async (tx) => {
      const name = `sign-in.${hash(token)}`;
      const stored = await tx.settings.get(name);
      const link = stored ? (JSON.parse(stored) as StoredLink) : null;
      const now = await tx.now();
      if (!link || new Date(link.expiresAt) < now) throw refused();
      // The inbox row is unique: of two redeemers at once only one gets through.
      if (!(await tx.inbox.receive(linkId!, 'sign-in'))) throw refused();
      const expiresAt = new Date(now.getTime() + sessionHours * 3_600_000);
      await tx.principals.addKey({
        principalId: link.principalId,
        keyHash: hashKey(key),
        scopes: link.scopes,
        label: 'console session',
        expiresAt,
      });
    });
    response.cookie(sessionCookie, key, {
      httpOnly: true,
      sameSite: 'strict',
      path: '/',
      maxAge: sessionHours * 3_600_000,
    });
    response.redirect(303, '/');
  }
}

const refused = (): HartoError =>
  new HartoError(
    'AUTH_MISSING',
    'this sign-in link is used, expired or unknown; make a new one with: harto console',
  );
