import type { Envelope } from '@hartonomous/contracts';
import { LOGGER, type Logger } from '@hartonomous/service-kit';
import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';

/** The end of a cycle reaches the gateway, so that its trace spans all five processes; the page reads the rows. */
@Controller()
export class LearnedHandler {
  constructor(@Inject(LOGGER) private readonly log: Logger) {}

  @EventPattern<string>('loop.cycle.learned')
  onLearned(@Payload() message: Envelope<'loop.cycle.learned'>): void {
    this.log.info({ cycleId: message.refs.cycleId }, 'cycle learned');
  }
}
