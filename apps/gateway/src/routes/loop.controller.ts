import { builtActionTypes, HartoError, hypothesisTypes, type ActionMode } from '@hartonomous/contracts';
import { defaultModeOf } from '@hartonomous/loop';
import { STORE } from '@hartonomous/service-kit';
import type { ActionRow, Store } from '@hartonomous/store';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Put, Query, Req } from '@nestjs/common';
import { Needs } from '../http/access.guard.js';
import { parsed } from '../http/body.js';
import {
  actionsQuery,
  cycleBody,
  decisionBody,
  idParameter,
  listQuery,
  modeBody,
  typeParameter,
} from '../http/schemas.js';
import { presentedKey, type AuthenticatedRequest } from '../http/identity.js';
import { LoopCommands } from '../loop-commands.js';

@Controller('v1')
export class LoopController {
  constructor(
    @Inject(STORE) private readonly store: Store,
    @Inject(LoopCommands) private readonly commands: LoopCommands,
  ) {}

  @Get('cycles')
  @Needs('viewer')
  cycles(@Query() query: unknown, @Req() request: AuthenticatedRequest) {
    const { limit } = parsed(listQuery, query);
    return this.tenant(request, async (tx) => ({ items: await tx.cycles.latest(limit) }));
  }

  @Get('cycles/:id')
  @Needs('viewer')
  cycle(@Param('id') id: string, @Req() request: AuthenticatedRequest) {
    const cycleId = parsed(idParameter, id);
    return this.tenant(request, async (tx) => {
      const cycle = await tx.cycles.get(cycleId);
      if (!cycle) throw new HartoError('NOT_FOUND', `no cycle ${cycleId}`);
      return {
        ...cycle,
        observation: await tx.cycles.observationOf(cycleId),
        hypotheses: await tx.cycles.hypothesesOf(cycleId),
        rejected: await tx.cycles.rejectedOf(cycleId),
        actions: (await tx.actions.list({ cycleId, limit: 50 })).map(shown),
      };
    });
  }

  @Post('loop/cycles')
  @HttpCode(202)
  @Needs('operator')
  requestCycle(@Body() body: unknown, @Req() request: AuthenticatedRequest) {
    const { scope } = parsed(cycleBody, body ?? {});
    return this.commands.requestCycle(request.identity!, scope);
  }

  @Get('rejected')
  @Needs('viewer')
  rejected(@Query() query: unknown, @Req() request: AuthenticatedRequest) {
    const { limit } = parsed(listQuery, query);
    return this.tenant(request, async (tx) => {
      const rows = await tx.cycles.rejectedSince(new Date(Date.now() - 24 * 3_600_000));
      return { items: rows.slice(0, limit) };
    });
  }

  @Get('improvements')
  @Needs('viewer')
  improvements(@Query() query: unknown, @Req() request: AuthenticatedRequest) {
    const { limit } = parsed(listQuery, query);
    return this.tenant(request, async (tx) => ({
      netGain: await tx.history.netGain(),
      items: await tx.history.latest(limit),
    }));
  }

  @Get('actions')
  @Needs('viewer')
  actions(@Query() query: unknown, @Req() request: AuthenticatedRequest) {
    const { limit, state, type, cycleId } = parsed(actionsQuery, query);
    const filter = {
      limit,
      ...(state ? { states: [state] } : {}),
      ...(type ? { type } : {}),
      ...(cycleId ? { cycleId } : {}),
    };
    return this.tenant(request, async (tx) => ({ items: (await tx.actions.list(filter)).map(shown) }));
  }

  @Get('actions/:id')
  @Needs('viewer')
  action(@Param('id') id: string, @Req() request: AuthenticatedRequest) {
    const actionId = parsed(idParameter, id);
    return this.tenant(request, async (tx) => {
      const action = await tx.actions.get(actionId);
      if (!action) throw new HartoError('NOT_FOUND', `no action ${actionId}`);
      return {
        ...action,
        transitions: await tx.actions.transitions(actionId),
        evidence: await tx.actions.evidence(actionId),
      };
    });
  }

  @Post('actions/:id/decisions')
  @HttpCode(202)
  @Needs('operator')
  decide(@Param('id') id: string, @Body() body: unknown, @Req() request: AuthenticatedRequest) {
    const from = presentedKey(request)?.from;
    return this.commands.decide(request.identity!, parsed(idParameter, id), parsed(decisionBody, body), from);
  }

  @Get('modes')
  @Needs('viewer')
  modes(@Req() request: AuthenticatedRequest) {
    return this.tenant(request, async (tx) => {
      const settings = await tx.settings.all();
      return {
        items: hypothesisTypes.map((type) => {
          const info = builtActionTypes[type];
          if (!info) return { type, mode: 'Off' as ActionMode, unavailable: 'its executor is not built' };
          const mode =
            (settings.get(`mode.${type}`) as ActionMode | undefined) ?? defaultModeOf(info.actionClass);
          return { type, mode, actionClass: info.actionClass };
        }),
      };
    });
  }

  @Put('modes/:type')
  @Needs('operator')
  setMode(@Param('type') type: string, @Body() body: unknown, @Req() request: AuthenticatedRequest) {
    const known = parsed(typeParameter, type);
    return this.commands.setMode(request.identity!, known, parsed(modeBody, body).mode);
  }

  private tenant<T>(request: AuthenticatedRequest, work: Parameters<Store['withTenant']>[1]): Promise<T> {
    return this.store.withTenant(request.identity!.tenantId, work) as Promise<T>;
  }
}

/** Lists leave the executor's working state out; one action shows it whole. */
function shown(action: ActionRow): Omit<ActionRow, 'parameters' | 'progress'> & { assessment: unknown } {
  const { parameters: _parameters, progress, ...rest } = action;
  return { ...rest, assessment: progress['assessment'] ?? null };
}
