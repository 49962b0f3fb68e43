import { createHash } from 'node:crypto';
import { Controller, Inject, Req, Sse, type MessageEvent } from '@nestjs/common';
import { distinctUntilChanged, exhaustMap, map, type Observable, takeUntil, timer } from 'rxjs';
import { Needs } from '../http/access.guard.js';
import type { AuthenticatedRequest } from '../http/identity.js';
import { StatusService } from '../status.service.js';

const pollMs = 1_000;
/** Browsers open an ended stream again, and are then asked for their key again. */
const streamMs = 10 * 60_000;

/** Live status: an event whenever something but the clock has changed. */
@Controller('v1')
export class EventsController {
  constructor(@Inject(StatusService) private readonly status: StatusService) {}

  @Sse('events')
  @Needs('viewer')
  events(@Req() request: AuthenticatedRequest): Observable<MessageEvent> {
    const { tenantId } = request.identity!;
    return timer(0, pollMs).pipe(
      exhaustMap(() => this.status.of(tenantId)),
      map(({ at, ...rest }) => ({ at, rest, hash: digest(rest) })),
      distinctUntilChanged((a, b) => a.hash === b.hash),
      map(({ at, rest }) => ({ type: 'status', data: { at, ...rest } })),
      takeUntil(timer(streamMs)),
    );
  }
}

function digest(document: { services: { service: string; alive: boolean }[] }): string {
  const services = document.services.map(({ service, alive }) => ({ service, alive }));
  return createHash('sha1')
    .update(JSON.stringify({ ...document, services }))
    .digest('hex');
}
