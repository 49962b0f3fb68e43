import { codeOf, HartoError } from '@hartonomous/contracts';
import { moveComputation, submissionSchema, taskTypeOf, taskTypes } from '@hartonomous/compute';
import { STORE } from '@hartonomous/service-kit';
import type { ComputationRow, Store, TenantTransaction } from '@hartonomous/store';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { z } from 'zod';
import { Computations, type Command } from '../compute/computations.service.js';
import { showComputation } from '../compute/shown-computation.js';
import { Needs } from '../http/access.guard.js';
import { parsed } from '../http/body.js';
import type { AuthenticatedRequest } from '../http/identity.js';
import { idParameter } from '../http/schemas.js';
import { bulkBody, commandBody, computationsQuery, pageQuery } from './compute.schemas.js';

/** Computations that one bulk command may touch. */
const bulkMax = 500;

@Controller('v1')
export class ComputeController {
  constructor(
    @Inject(STORE) private readonly store: Store,
    @Inject(Computations) private readonly computations: Computations,
  ) {}

  @Get('computation-types')
  @Needs('viewer')
  types() {
    const submission = z.toJSONSchema(submissionSchema, { io: 'input' });
    const items = taskTypes().map(({ name, version, summary, params }) => ({
      name,
      version,
      summary,
      params: z.toJSONSchema(params as z.ZodType, { io: 'input', unrepresentable: 'any' }),
    }));
    return { items, submission };
  }

  @Post('computations')
  @HttpCode(202)
  @Needs('operator')
  async submit(@Body() body: unknown, @Req() request: AuthenticatedRequest) {
    const { row, created } = await this.computations.submit(request.identity!, body);
    return { created, computation: await this.shown(request, row) };
  }

  @Get('computations')
  @Needs('viewer')
  list(@Query() query: unknown, @Req() request: AuthenticatedRequest) {
    const { limit, state, type, text } = parsed(computationsQuery, query);
    const filter = { ...(state ? { states: [state] } : {}), type, text };
    return this.tenant(request, async (tx) => {
      const rows = await tx.computations.list({ ...filter, limit });
      const items = [];
      for (const row of rows) items.push(await showComputation(tx, row));
      return { items, total: await tx.computations.count(filter) };
    });
  }

  @Get('computations/:id')
  @Needs('viewer')
  one(@Param('id') id: string, @Req() request: AuthenticatedRequest) {
    return this.tenant(request, async (tx) => showComputation(tx, await this.row(tx, id)));
  }

  @Get('computations/:id/chunks')
  @Needs('viewer')
  chunks(@Param('id') id: string, @Query() query: unknown, @Req() request: AuthenticatedRequest) {
    const { after, limit } = parsed(pageQuery, query);
    return this.tenant(request, async (tx) => {
      const row = await this.row(tx, id);
      return { items: await tx.computations.chunks(row.id, after, limit) };
    });
  }

  /** Numbers of a list, one chunk at a time: `after` is the chunk of the page before. */
  @Get('computations/:id/results')
  @Needs('viewer')
  results(@Param('id') id: string, @Query() query: unknown, @Req() request: AuthenticatedRequest) {
    const { after } = parsed(pageQuery, query);
    return this.tenant(request, async (tx) => {
      const row = await this.row(tx, id);
      const type = taskTypeOf(row.type);
      if (!type.unpack) throw new HartoError('INPUT_INVALID', `${row.type} has no list of results`);
      if (!row.work || !row.result)
        throw new HartoError('STATE_CONFLICT', 'the computation has no result yet');
      const [page] = await tx.computations.partials(row.id, row.work.round, after, 1, true);
      if (!page) return { items: [], chunk: null };
      const items = type.unpack({ summary: page.summary, output: page.output ?? undefined });
      return { items, chunk: page.no };
    });
  }

  @Post('computations/:id/commands')
  @HttpCode(202)
  @Needs('operator')
  async command(@Param('id') id: string, @Body() body: unknown, @Req() request: AuthenticatedRequest) {
    const command = parsed(commandBody, body) as Command;
    return this.shown(
      request,
      await this.computations.command(request.identity!, parsed(idParameter, id), command),
    );
  }

  /** Applies a verb to everything that a filter finds; the preview says to how many it would. */
  @Post('computation-commands')
  @HttpCode(202)
  @Needs('operator')
  async bulk(@Body() body: unknown, @Req() request: AuthenticatedRequest) {
    const { verb, filter, preview } = parsed(bulkBody, body);
    const { state, type, text } = filter;
    const rows = await this.tenant<ComputationRow[]>(request, (tx) =>
      tx.computations.list({ ...(state ? { states: [state] } : {}), type, text, limit: bulkMax }),
    );
    const able = rows.filter((row) => !['same', 'refused'].includes(moveComputation(row.state, verb)));
    if (preview) return { preview, count: able.length, matched: rows.length };
    const done: string[] = [];
    const refused: { id: string; code: string }[] = [];
    for (const { id } of able) {
      try {
        await this.computations.command(request.identity!, id, { verb });
        done.push(id);
      } catch (error) {
        refused.push({ id, code: codeOf(error) });
      }
    }
    return { preview, count: done.length, matched: rows.length, done, refused };
  }

  private async row(tx: TenantTransaction, id: string): Promise<ComputationRow> {
    const row = await tx.computations.get(parsed(idParameter, id));
    if (!row) throw new HartoError('NOT_FOUND', `no computation ${id}`);
    return row;
  }

  private shown(request: AuthenticatedRequest, row: ComputationRow) {
    return this.tenant(request, (tx) => showComputation(tx, row));
  }

  private tenant<T>(request: AuthenticatedRequest, work: (tx: TenantTransaction) => Promise<T>): Promise<T> {
    return this.store.withTenant(request.identity!.tenantId, work);
  }
}
