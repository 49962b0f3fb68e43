import { HartoError } from '@hartonomous/contracts';
import { resolveModel } from '@hartonomous/retrieval';
import { STORE } from '@hartonomous/service-kit';
import type { Store } from '@hartonomous/store';
import { currentTrace } from '@hartonomous/telemetry';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { Needs } from '../http/access.guard.js';
import { parsed } from '../http/body.js';
import type { AuthenticatedRequest } from '../http/identity.js';
import { idParameter, snapshotBody, snapshotsQuery, whyBody } from '../http/schemas.js';

/** Copies of a model's rows, with hashes. */
@Controller('v1')
export class SnapshotsController {
  constructor(@Inject(STORE) private readonly store: Store) {}

  @Get('snapshots')
  @Needs('viewer')
  list(@Query() query: unknown, @Req() request: AuthenticatedRequest) {
    const { model, limit } = parsed(snapshotsQuery, query);
    return this.store.withTenant(request.identity!.tenantId, async (tx) => {
      const of = model === undefined ? null : (await resolveModel(tx, model)).id;
      return { items: await tx.snapshots.list(of, limit) };
    });
  }

  @Post('snapshots')
  @Needs('operator')
  take(@Body() body: unknown, @Req() request: AuthenticatedRequest) {
    const { model, label } = parsed(snapshotBody, body);
    const who = request.identity!;
    return this.store.withTenant(
      who.tenantId,
      async (tx) => {
        const { id } = await resolveModel(tx, model);
        const snapshot = await tx.snapshots.take(id, { label, by: who.principal });
        await tx.audit.append({ ...by(request), what: 'snapshot.taken', subject: snapshot.id, why: label });
        return snapshot;
      },
      { isolation: 'snapshot' },
    );
  }

  @Get('snapshots/:id/verification')
  @Needs('viewer')
  verify(@Param('id') given: string, @Req() request: AuthenticatedRequest) {
    const id = parsed(idParameter, given, 'id');
    return this.store.withTenant(
      request.identity!.tenantId,
      async (tx) => {
        const found = await tx.snapshots.verify(id);
        if (!found) throw new HartoError('NOT_FOUND', `no snapshot ${id}`);
        return found;
      },
      { isolation: 'snapshot' },
    );
  }

  @Post('snapshots/:id/restore')
  @HttpCode(200)
  @Needs('operator')
  restore(@Param('id') given: string, @Body() body: unknown, @Req() request: AuthenticatedRequest) {
    const id = parsed(idParameter, given, 'id');
    const { why } = parsed(whyBody, body);
    return this.store.withTenant(request.identity!.tenantId, async (tx) => {
      const snapshot = await tx.snapshots.restore(id);
      await tx.audit.append({ ...by(request), what: 'snapshot.restored', subject: id, why });
      return snapshot;
    });
  }
}

const by = (request: AuthenticatedRequest) => ({
  who: request.identity!.principal,
  traceId: currentTrace()?.traceId ?? null,
});
