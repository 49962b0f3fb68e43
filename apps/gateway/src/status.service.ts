import { services } from '@hartonomous/contracts';
import { STORE } from '@hartonomous/service-kit';
import type {
  ActionRow,
  CycleRow,
  Heartbeat,
  KillSwitchState,
  Store,
  TenantTransaction,
} from '@hartonomous/store';
import { Inject, Injectable } from '@nestjs/common';

const aliveWithinMs = 10_000;

export interface ServiceStatus {
  service: string;
  alive: boolean;
  instances: number;
  secondsSinceSeen: number | null;
}

/** Latency with what the loop kept over latency without it, with its 95 % interval; null: open on this side. */
export interface Difference {
  ratio: number;
  low: number | null;
  high: number | null;
  /** What was compared. */
  label: string;
  at: string;
}

export interface StatusDocument {
  at: string;
  services: ServiceStatus[];
  killSwitch: KillSwitchState;
  cycle: CycleRow | null;
  nextCycleAt: string | null;
  waiting: { outbox: number; oldestSeconds: number };
  awaitingApproval: number;
  corpus: { files: number; atoms: number };
  kept: { id: string; type: string; target: string; effect: ActionRow['effect'] }[];
  /** The hold-out, both halves: what splits request keys against keys that never get it; the rest by its replays. */
  benefit: { keySplittable: Difference | null; global: Difference | null };
  /** Proven gains less all costs, of every action that was tried: seconds saved per hour. */
  netGain: { secondsPerHour: number; actions: number };
}

/** Names under which Learn keeps the two. */
const differences = { keySplittable: 'hold-out.ratio', global: 'hold-out.global' } as const;

/** What the first page and `harto status` show. */
@Injectable()
export class StatusService {
  constructor(@Inject(STORE) private readonly store: Store) {}

  services(): Promise<ServiceStatus[]> {
    return this.store.withSystem('who is alive', async (tx) => {
      const [now, beats] = [await tx.now(), await tx.plumbing.heartbeats()];
      return services.map((name) => statusOf(name, beats, now));
    });
  }

  async of(tenantId: string): Promise<StatusDocument> {
    const system = await this.store.withSystem('show the status', async (tx) => ({
      now: await tx.now(),
      beats: await tx.plumbing.heartbeats(),
      killSwitch: await tx.plumbing.killSwitch(),
      outbox: await tx.plumbing.outboxAge(),
    }));
    return this.store.withTenant(tenantId, async (tx) => {
      const [cycle] = await tx.cycles.latest(1);
      const kept = await tx.actions.list({ states: ['Kept'], limit: 50 });
      const awaiting = await tx.actions.list({ states: ['AwaitingApproval'], limit: 500 });
      return {
        at: system.now.toISOString(),
        services: services.map((name) => statusOf(name, system.beats, system.now)),
        killSwitch: system.killSwitch,
        cycle: cycle ?? null,
        nextCycleAt: cycle?.state === 'Requested' ? cycle.dueAt.toISOString() : null,
        waiting: { outbox: system.outbox.waiting, oldestSeconds: system.outbox.oldestSeconds },
        awaitingApproval: awaiting.length,
        corpus: await tx.ingestion.corpusSize(),
        kept: kept.map(({ id, type, target, effect }) => ({ id, type, target, effect })),
        benefit: {
          keySplittable: await difference(tx, differences.keySplittable),
          global: await difference(tx, differences.global),
        },
        netGain: await tx.history.netGain(),
      };
    });
  }
}

async function difference(tx: TenantTransaction, name: string): Promise<Difference | null> {
  const [row] = await tx.analysis.metrics(name, 1);
  if (!row) return null;
  const { value: ratio, low, high, label, at } = row;
  return { ratio, low, high, label, at: at.toISOString() };
}

function statusOf(service: string, beats: Heartbeat[], now: Date): ServiceStatus {
  const own = beats.filter((b) => b.service === service);
  const ages = own.map((b) => now.getTime() - b.seenAt.getTime());
  const alive = ages.filter((age) => age < aliveWithinMs).length;
  return {
    service,
    alive: alive > 0,
    instances: alive,
    secondsSinceSeen: ages.length > 0 ? Math.min(...ages) / 1_000 : null,
  };
}
