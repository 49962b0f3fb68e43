import { HEALTH, type Health } from '@hartonomous/service-kit';
import { services } from '@hartonomous/contracts';
import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Needs } from '../http/access.guard.js';
import { openApiDocument } from '../openapi.js';
import { StatusService } from '../status.service.js';

const loopServices = services.filter((name) => name !== 'gateway');

@Controller()
export class HealthController {
  private readonly document = openApiDocument();

  constructor(
    @Inject(HEALTH) private readonly health: Health,
    @Inject(StatusService) private readonly status: StatusService,
  ) {}

  @Get('livez')
  @Needs('public')
  live(): { live: true } {
    return { live: true };
  }

  /**
   * Ready = messages flow (the age of the oldest waiting one and a canary's round trip, not a ping), and somebody of
   * the loop takes them. One silent service is named, but searches go on without it.
   */
  @Get('readyz')
  @Needs('public')
  async ready(@Res() response: Response): Promise<void> {
    const [readiness, beats] = await Promise.all([
      this.health.readiness(),
      this.status.services().catch(() => null),
    ]);
    const reasons = [...readiness.reasons];
    const silent = loopServices.filter((name) => !beats?.some((b) => b.service === name && b.alive));
    if (!beats) reasons.push('the store does not answer');
    else if (silent.length === loopServices.length) reasons.push(`no service is alive: ${silent.join(', ')}`);
    const ready = reasons.length === 0;
    response.status(ready ? 200 : 503).json({ ...readiness, ready, reasons, silent });
  }

  @Get('openapi.json')
  @Needs('public')
  openApi(): Record<string, unknown> {
    return this.document;
  }
}
