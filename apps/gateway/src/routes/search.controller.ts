import { searchRequestSchema, type SearchResponse } from '@hartonomous/contracts';
import { STORE } from '@hartonomous/service-kit';
import type { Store } from '@hartonomous/store';
import { withSpan, currentTrace } from '@hartonomous/telemetry';
import { Body, Controller, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { Needs } from '../http/access.guard.js';
import { parsed } from '../http/body.js';
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
  async search(@Body() body: unknown, @Req() request: AuthenticatedRequest): Promise<SearchResponse> {
    const input = parsed(searchRequestSchema, body);
    const { tenantId } = request.identity!;
    return withSpan('gateway.search', { 'hartonomous.operation': 'search' }, async () => {
      const trace = currentTrace();
      const context = { traceId: trace?.traceId ?? null, spanId: trace?.spanId ?? null };
      const { response, record } = await this.service.search.serveSearch(
        this.store,
        tenantId,
        input,
        context,
      );
      await this.service.recorder.add(tenantId, record);
      return response;
    });
  }
}
