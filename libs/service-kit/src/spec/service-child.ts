import { hops, controllerFor, restOf } from '@hartonomous/bus/testing';
import { newId, services } from '@hartonomous/contracts';
import type { Envelope, ServiceName } from '@hartonomous/contracts';
import { Inject, Module } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import type { Bus } from '../bus.js';
import { runService } from '../run-service.js';
import { BUS } from '../tokens.js';

// A service of the loop in which nothing is tried: moves the cycle on, writes the audit row and the next message.
const name = services.find((service) => service === process.env['TEST_SERVICE']) as ServiceName;
const hop = hops.find(({ service }) => service === name);
let bus: Bus;

async function advance(message: Envelope): Promise<void> {
  const { cycleId } = message.refs as { cycleId: string };
  if (!hop) return;
  await bus.once(message, async (tx) => {
    if (!(await tx.cycles.advance(cycleId, message.epoch, hop.from, hop.to))) return;
    await tx.audit.append({ what: `cycle.${hop.to}`, subject: cycleId, who: name, why: 'test' });
    if (hop.next) await bus.publish(tx, { id: newId(), ...hop.next(cycleId), epoch: message.epoch + 1 });
  });
}

const controllers: Type[] = hop ? [controllerFor(hop.on, advance)] : [];

@Module({ controllers: [...controllers, restOf(name, controllers)] })
class Root {
  constructor(@Inject(BUS) given: Bus) {
    bus = given;
  }
}

await runService({ name, module: Root });
