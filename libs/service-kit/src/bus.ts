import { handleOnce, publish, queueAges } from '@hartonomous/bus';
import type {
  BullClient,
  HandleDeps,
  Outgoing,
  OutboxRelay,
  Publication,
  QueueAge,
  Queues,
} from '@hartonomous/bus';
import type { Envelope, MessageName, ServiceName } from '@hartonomous/contracts';
import type { TenantTransaction } from '@hartonomous/store';
import { lastValueFrom } from 'rxjs';

/** What an app does with the bus: effects once, messages in its own transaction. */
export class Bus {
  constructor(
    private readonly deps: HandleDeps,
    private readonly relay: OutboxRelay,
    private readonly client: BullClient,
    private readonly queues: Queues,
  ) {}

  /** Runs `work` with the message's inbox row in one transaction; undefined when its effect was there already. */
  once<T>(message: Envelope, work: (tx: TenantTransaction) => Promise<T>): Promise<T | undefined> {
    return handleOnce(this.deps, message, work);
  }

  /** Writes the message's outbox row with the caller's transaction and trace; the id of the message. */
  publish<N extends MessageName>(tx: TenantTransaction, message: Publication<N>): Promise<string> {
    return publish(tx, message);
  }

  /** The same in a transaction of its own. */
  emit(name: MessageName, message: Outgoing): Promise<string> {
    return lastValueFrom(this.client.emit<string, Outgoing>(name, message));
  }

  /** Asks a `@MessagePattern` handler and waits for its answer. */
  send<R>(name: MessageName, message: Outgoing): Promise<R> {
    return lastValueFrom(this.client.send<R, Outgoing>(name, message));
  }

  /** How long messages wait in the lanes of a service. */
  laneAges(service: ServiceName): Promise<QueueAge[]> {
    return queueAges(this.queues, [service]);
  }

  /** Waits, bounded, until everything committed so far is in the queue. */
  flush(): Promise<void> {
    return this.relay.flush();
  }
}
