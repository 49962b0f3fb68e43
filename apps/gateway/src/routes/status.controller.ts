import { HartoError } from '@hartonomous/contracts';
import { STORE } from '@hartonomous/service-kit';
import type { DeadLetter, Store } from '@hartonomous/store';
import { Body, Controller, Get, Inject, Param, Put, Query, Req } from '@nestjs/common';
import { Needs } from '../http/access.guard.js';
import { parsed } from '../http/body.js';
import { killSwitchBody, listQuery, traceParameter } from '../http/schemas.js';
import type { AuthenticatedRequest } from '../http/identity.js';
import { LoopCommands } from '../loop-commands.js';
import { StatusService } from '../status.service.js';

/** Newest dead letters looked through for those of one tenant. */
const deadLettersRead = 1_000;

@Controller('v1')
export class StatusController {
  constructor(
    @Inject(STORE) private readonly store: Store,
    @Inject(StatusService) private readonly status: StatusService,
    @Inject(LoopCommands) private readonly commands: LoopCommands,
  ) {}

  @Get('status')
  @Needs('viewer')
  current(@Req() request: AuthenticatedRequest) {
    return this.status.of(request.identity!.tenantId);
  }

  @Get('features')
  @Needs('viewer')
  async features() {
    return { engine: this.store.engine, items: await this.store.features() };
  }

  @Get('kill-switch')
  @Needs('viewer')
  killSwitch() {
    return this.store.withSystem('show the kill switch', (tx) => tx.plumbing.killSwitch());
  }

  /** Both directions need a reason; it stands in the audit log. */
  @Put('kill-switch')
  @Needs('operator')
  setKillSwitch(@Body() body: unknown, @Req() request: AuthenticatedRequest) {
    return this.commands.setKillSwitch(request.identity!, parsed(killSwitchBody, body));
  }

  @Get('traces/:traceId')
  @Needs('viewer')
  async trace(@Param('traceId') traceId: string, @Req() request: AuthenticatedRequest) {
    const id = parsed(traceParameter, traceId);
    const spans = await this.store.withSystem('show a trace', (tx) => tx.spans.byTrace(id));
    const { tenantId } = request.identity!;
    // Spans below a hop name no tenant: they belong to whom the others of their trace belong.
    const own = spans.filter((s) => s.tenantId === null || s.tenantId === tenantId);
    if (!own.some((s) => s.tenantId === tenantId))
      throw new HartoError('NOT_FOUND', `no spans of trace ${id} are kept`);
    return { traceId: id, spans: own };
  }

  @Get('audit')
  @Needs('viewer')
  audit(@Query() query: unknown, @Req() request: AuthenticatedRequest) {
    const { limit } = parsed(listQuery, query);
    return this.store.withTenant(request.identity!.tenantId, async (tx) => ({
      items: await tx.audit.latest(limit),
    }));
  }

  @Get('audit/verification')
  @Needs('viewer')
  verification(@Req() request: AuthenticatedRequest) {
    return this.store.withTenant(request.identity!.tenantId, (tx) => tx.audit.verify());
  }

  @Get('dead-letters')
  @Needs('operator')
  async deadLetters(@Query() query: unknown, @Req() request: AuthenticatedRequest) {
    const { limit } = parsed(listQuery, query);
    const { tenantId } = request.identity!;
    const rows = await this.store.withSystem('show dead letters', (tx) =>
      tx.plumbing.deadLetters(deadLettersRead),
    );
    return { items: rows.flatMap((row) => visible(row, tenantId)).slice(0, limit) };
  }
}

/** The table is shared; of a letter that names no tenant, everybody sees that it is there, and nobody its body. */
function visible(row: DeadLetter, tenantId: string): Omit<DeadLetter, 'body'>[] {
  const owner = /"tenantId":"([^"]*)"/.exec(row.body)?.[1];
  if (owner === tenantId) return [row];
  const { body: _body, ...rest } = row;
  return owner === undefined ? [rest] : [];
}
