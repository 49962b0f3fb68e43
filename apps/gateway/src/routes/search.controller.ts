import { searchRequestSchema, type SearchResponse } from '@hartonomous/contracts';
import { STORE } from '@hartonomous/service-kit';
import type { Store } from '@hartonomous/store';
import { withSpan, currentTrace } from '@hartonomous/telemetry';
import { Body, Controller, HttpCode, Inject, Post, Query, Req, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Needs } from '../http/access.guard.js';
import { parsed } from '../http/body.js';
import { searchQuery } from '../http/schemas.js';
import type { AuthenticatedRequest } from '../http/identity.js';
import { SearchService } from '../search.service.js';

@Controller('v1')
export class SearchController {
  constructor(
    @Inject(STORE) private readonly store: Store,
    @Inject(SearchService) private readonly service: SearchService,
  ) {}

  @Post('search')
  @HttpCode(200)
  @Needs('viewer')
  async search(
    @Body() body: unknown,
    @Query() query: unknown,
    @Req() request: AuthenticatedRequest,
    @Res({ passthrough: true }) answer: Response,
  ): Promise<SearchResponse> {
    const input = parsed(searchRequestSchema, body);
    const { model, asOf } = parsed(searchQuery, query);
    const { tenantId } = request.identity!;
    const attributes = { 'hartonomous.operation': 'search', 'hartonomous.tenant.id': tenantId };
    return withSpan('gateway.search', attributes, async () => {
      const trace = currentTrace();
      answer.locals['traceId'] = trace?.traceId;
      const context = {
        traceId: trace?.traceId ?? null,
        spanId: trace?.spanId ?? null,
        ...(model ? { model } : {}),
        ...(asOf ? { asOf: new Date(asOf) } : {}),
      };
      const { response, record } = await this.service.search.serveSearch(
        this.store,
        tenantId,
        input,
        context,
      );
      // A look at an earlier ranking is no workload.
      if (!asOf) await this.service.recorder.add(tenantId, record);
      return response;
    });
  }
}
