import { HartoError } from '@hartonomous/contracts';
import { STORE } from '@hartonomous/service-kit';
import type { Store } from '@hartonomous/store';
import { Controller, Get, Inject, Param, Query, Req } from '@nestjs/common';
import { Needs } from '../http/access.guard.js';
import { parsed } from '../http/body.js';
import type { AuthenticatedRequest } from '../http/identity.js';
import { idParameter, provenanceQuery } from '../http/schemas.js';
import { openLineageEvents } from '../provenance/open-lineage.js';
import { provDocument } from '../provenance/prov-json.js';

/** Where a thing comes from, and whether that still holds. */
@Controller('v1')
export class ProvenanceController {
  constructor(@Inject(STORE) private readonly store: Store) {}

  @Get('provenance/:id')
  @Needs('viewer')
  async graph(@Param('id') given: string, @Query() query: unknown, @Req() request: AuthenticatedRequest) {
    const id = parsed(idParameter, given, 'id');
    const { format } = parsed(provenanceQuery, query);
    const graph = await this.store.withTenant(request.identity!.tenantId, (tx) => tx.provenance.graph(id));
    if (!graph) throw unknown(id);
    if (format === 'prov') return provDocument(graph);
    return format === 'openlineage' ? { events: openLineageEvents(graph) } : graph;
  }

  @Get('provenance/:id/verification')
  @Needs('viewer')
  async verify(@Param('id') given: string, @Req() request: AuthenticatedRequest) {
    const id = parsed(idParameter, given, 'id');
    const report = await this.store.withTenant(request.identity!.tenantId, (tx) => tx.provenance.verify(id));
    if (!report) throw unknown(id);
    return report;
  }
}

const unknown = (id: string): HartoError =>
  new HartoError(
    'NOT_FOUND',
    `nothing with the id ${id} is known: give that of a request, atom, model version, snapshot, action or computation`,
  );
