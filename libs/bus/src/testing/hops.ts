import { newId } from '@hartonomous/contracts';
import type { Envelope, MessageName, ServiceName } from '@hartonomous/contracts';
import type { CycleState } from '@hartonomous/contracts';
import { Controller } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import type { Publication } from '../publish.js';

/** One hop of a cycle in which nothing is tried. */
export interface Hop {
  service: ServiceName;
  on: MessageName;
  from: CycleState;
  to: CycleState;
  /** The message that starts the next hop; null at the end. */
  next: ((cycleId: string) => Omit<Publication, 'epoch'>) | null;
}

export const hops: readonly Hop[] = [
  {
    service: 'analyze',
    on: 'loop.cycle.requested',
    from: 'Requested',
    to: 'Observed',
    next: (cycleId) => ({ name: 'loop.observation.recorded', refs: { cycleId, observationId: newId() } }),
  },
  {
    service: 'hypothesize',
    on: 'loop.observation.recorded',
    from: 'Observed',
    to: 'Decided',
    next: (cycleId) => ({ name: 'loop.hypotheses.ranked', refs: { cycleId, hypothesisIds: [] } }),
  },
  {
    service: 'act',
    on: 'loop.hypotheses.ranked',
    from: 'Decided',
    to: 'Acting',
    next: (cycleId) => ({ name: 'loop.action.concluded', refs: { cycleId, actionId: null, verdict: null } }),
  },
  {
    service: 'learn',
    on: 'loop.action.concluded',
    from: 'Acting',
    to: 'Learned',
    next: (cycleId) => ({ name: 'loop.cycle.learned', refs: { cycleId } }),
  },
];

/** A controller with one handler, for one message. */
export function controllerFor(on: MessageName, handle: (message: Envelope) => Promise<unknown>): Type {
  class Hopping {
    onMessage(message: Envelope): Promise<unknown> {
      return handle(message);
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Hopping.prototype, 'onMessage') as PropertyDescriptor;
  EventPattern<string>(on)(Hopping.prototype, 'onMessage', descriptor);
  Controller()(Hopping);
  return Hopping;
}
