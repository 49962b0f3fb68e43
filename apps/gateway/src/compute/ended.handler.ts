import type { Envelope } from '@hartonomous/contracts';
import { LOGGER, STORE, type Logger } from '@hartonomous/service-kit';
import type { Store } from '@hartonomous/store';
import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';

/** The end of a computation, said loudly when something is missing in its result. */
@Controller()
export class EndedHandler {
  constructor(
    @Inject(STORE) private readonly store: Store,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  @EventPattern<string>('compute.ended')
  async onEnded(@Payload() message: Envelope<'compute.ended'>): Promise<void> {
    const { computationId } = message.refs;
    const row = await this.store.withTenant(message.tenantId, (tx) => tx.computations.get(computationId));
    if (!row) return;
    const { state, reason } = row;
    const fields = { computationId, type: row.type, state, reason };
    if (state === 'CompletedWithGaps' || state === 'Failed')
      this.log.error(fields, 'computation has gaps or failed');
    else this.log.info(fields, 'computation ended');
  }
}
