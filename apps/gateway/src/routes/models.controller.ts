import { HartoError } from '@hartonomous/contracts';
import { resolveModel } from '@hartonomous/retrieval';
import { STORE } from '@hartonomous/service-kit';
import type { ModelRow, Store, TenantTransaction } from '@hartonomous/store';
import { currentTrace } from '@hartonomous/telemetry';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Put, Query, Req } from '@nestjs/common';
import { Needs } from '../http/access.guard.js';
import { parsed } from '../http/body.js';
import type { AuthenticatedRequest } from '../http/identity.js';
import { aliasBody, aliasParameter, listQuery, whyBody } from '../http/schemas.js';

const nameOf = ({ name, version }: Pick<ModelRow, 'name' | 'version'>): string => `${name}@${version}`;

/** Versions of models, and the aliases that say which of them answers. */
@Controller('v1')
export class ModelsController {
  constructor(@Inject(STORE) private readonly store: Store) {}

  @Get('models')
  @Needs('viewer')
  models(@Req() request: AuthenticatedRequest) {
    return this.store.withTenant(request.identity!.tenantId, async (tx) => {
      const aliases = await tx.models.aliases();
      const items = (await tx.models.list()).map((row) => ({
        ...row,
        aliases: aliases.filter((alias) => alias.modelId === row.id).map((alias) => alias.alias),
      }));
      return { items };
    });
  }

  @Get('aliases')
  @Needs('viewer')
  aliases(@Req() request: AuthenticatedRequest) {
    return this.store.withTenant(request.identity!.tenantId, async (tx) => {
      const versions = new Map((await tx.models.list()).map((row) => [row.id, nameOf(row)]));
      const items = (await tx.models.aliases()).map(({ until: _until, ...row }) => ({
        ...row,
        model: versions.get(row.modelId) ?? null,
        previousModel: row.previousModelId === null ? null : (versions.get(row.previousModelId) ?? null),
      }));
      return { items };
    });
  }

  @Get('aliases/:alias')
  @Needs('viewer')
  history(@Param('alias') given: string, @Query() query: unknown, @Req() request: AuthenticatedRequest) {
    const alias = parsed(aliasParameter, given, 'alias');
    const { limit } = parsed(listQuery, query);
    return this.store.withTenant(request.identity!.tenantId, async (tx) => {
      const items = await tx.models.aliasHistory(alias, limit);
      if (items.length === 0) throw new HartoError('NOT_FOUND', `no alias ${alias}`);
      return { alias, items };
    });
  }

  /** Promotes a version, or makes a new alias; the next request with this alias is answered by it. */
  @Put('aliases/:alias')
  @Needs('operator')
  move(@Param('alias') given: string, @Body() body: unknown, @Req() request: AuthenticatedRequest) {
    const alias = parsed(aliasParameter, given, 'alias');
    const { model, why, expected } = parsed(aliasBody, body);
    return this.change(request, 'alias.moved', alias, why, async (tx, current) => {
      if (expected !== undefined && current?.modelId !== expected) {
        throw new HartoError('STATE_STALE', `alias ${alias} names another version by now: look again`, {
          details: { modelId: current?.modelId ?? null },
        });
      }
      return resolveModel(tx, model);
    });
  }

  @Post('aliases/:alias/undo')
  @HttpCode(200)
  @Needs('operator')
  undo(@Param('alias') given: string, @Body() body: unknown, @Req() request: AuthenticatedRequest) {
    const alias = parsed(aliasParameter, given, 'alias');
    const { why } = parsed(whyBody, body);
    return this.change(request, 'alias.undone', alias, why, async (tx, current) => {
      if (!current) throw new HartoError('NOT_FOUND', `no alias ${alias}`);
      const previous = current.previousModelId && (await tx.models.get(current.previousModelId));
      if (!previous) throw new HartoError('STATE_CONFLICT', `alias ${alias} has named one version only`);
      return previous;
    });
  }

  private change(
    request: AuthenticatedRequest,
    what: string,
    alias: string,
    why: string,
    target: (tx: TenantTransaction, current: Current | null) => Promise<ModelRow>,
  ) {
    const who = request.identity!;
    return this.store.withTenant(who.tenantId, async (tx) => {
      // Serialises those who move this alias: what is decided rests on what it names now.
      await tx.models.lockAlias(alias);
      const [current] = await tx.models.aliasHistory(alias, 1);
      const from = current?.until === null ? current : null;
      const to = await target(tx, from);
      if (from?.modelId === to.id) {
        throw new HartoError('STATE_CONFLICT', `alias ${alias} names ${nameOf(to)} already`);
      }
      await tx.models.setAlias(alias, to.id, who.principal, why);
      const before = from && (await tx.models.get(from.modelId));
      const moved = `${before ? nameOf(before) : 'nothing'} -> ${nameOf(to)}`;
      const traceId = currentTrace()?.traceId ?? null;
      await tx.audit.append({ what, subject: alias, who: who.principal, why: `${moved}: ${why}`, traceId });
      return {
        alias,
        from: before && { id: before.id, model: nameOf(before) },
        to: { id: to.id, model: nameOf(to) },
      };
    });
  }
}

interface Current {
  modelId: string;
  previousModelId: string | null;
}
