import { newId } from '@hartonomous/contracts';
import type { Envelope } from '@hartonomous/contracts';
import { armFaults } from '@hartonomous/faults';
import { openStore } from '@hartonomous/store';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, Payload } from '@nestjs/microservices';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { BullTransport } from '../bull-transport.js';
import { handleOnce } from '../handle-once.js';
import { OutboxRelay } from '../outbox-relay.js';
import { openQueues } from '../queues.js';
import { RpcErrorFilter } from '../rpc-error-filter.js';
import { restOf } from '../testing/rest-of.js';
import { quick } from './settings.js';

// A service in a process of its own, for tests that kill it: analyze, whose effect is an audit row and a message.
const [setup] = process.argv.slice(2);
const { url, systemUrl, queueUrl, faults, markers } = JSON.parse(setup ?? '{}') as Record<string, string>;
const store = await openStore({ url: url ?? '', systemUrl });
const queues = await openQueues({ url: queueUrl ?? '', settings: quick });
const service = 'analyze';

@Controller()
class Analyze {
  @EventPattern<string>('loop.cycle.requested')
  async onRequested(@Payload() message: Envelope<'loop.cycle.requested'>): Promise<void> {
    const { cycleId } = message.refs;
    await handleOnce({ store, service }, message, async (tx) => {
      await tx.audit.append({ what: 'effect', subject: message.messageId, who: 'child', why: 'test' });
      const refs = { cycleId, observationId: newId() };
      await tx.outbox.add({ id: newId(), name: 'loop.observation.recorded', epoch: message.epoch + 1, refs });
    });
  }
}

@Module({ controllers: [Analyze, restOf(service, [Analyze])] })
class Root {}

armFaults(faults ?? '', markers ?? null);
const relay = new OutboxRelay({ store, queues, service, pollMs: 300, leaseMs: 1_000, staleMs: 2_000 });
const strategy = new BullTransport({ queues, store, service });
const app = await NestFactory.createMicroservice<MicroserviceOptions>(Root, { strategy, logger: false });
app.useGlobalFilters(new RpcErrorFilter());
await app.listen();
await relay.start();
process.stdout.write('ready\n');
