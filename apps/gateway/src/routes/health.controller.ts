import { HEALTH, type Health } from '@hartonomous/service-kit';
import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Needs } from '../http/access.guard.js';
import { openApiDocument } from '../openapi.js';

@Controller()
export class HealthController {
  private readonly document = openApiDocument();

  constructor(@Inject(HEALTH) private readonly health: Health) {}

  @Get('livez')
  @Needs('public')
  live(): { live: true } {
    return { live: true };
  }

  /** Ready = messages flow: the age of the oldest waiting one and a canary's round trip, not a ping. */
  @Get('readyz')
  @Needs('public')
  async ready(@Res() response: Response): Promise<void> {
    const readiness = await this.health.readiness();
    response.status(readiness.ready ? 200 : 503).json(readiness);
  }

  @Get('openapi.json')
  @Needs('public')
  openApi(): Record<string, unknown> {
    return this.document;
  }
}
