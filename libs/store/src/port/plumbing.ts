import type { MessageName, MessageRefs } from '@hartonomous/contracts';

export interface OutboxRow {
  id: string;
  tenantId: string;
  name: MessageName;
  epoch: number;
  refs: Record<string, unknown>;
  trace: Record<string, string>;
  /** Not before this instant. */
  deliverAt: Date;
}

export interface Outbox {
  /**
   * Written in the caller's transaction; the relay publishes it after the commit under the row's id. The row stays
   * until the receiver's transaction deletes it, so that a reconciler can refill an emptied queue.
   */
  add<N extends MessageName>(message: {
    id: string;
    name: N;
    epoch: number;
    refs: MessageRefs<N>;
    trace?: Record<string, string>;
    deliverAt?: Date;
  }): Promise<void>;
}

export interface Inbox {
  /**
   * True the first time: the message's effect belongs in this transaction. Also removes the outbox row.
   * @throws HartoError MESSAGE_FOREIGN_TENANT when the cycle that the message names is not among the tenant's rows
   */
  receive(messageId: string, consumer: string, cycleId?: string): Promise<boolean>;
}

export interface AuditLog {
  /** Appends to the tenant's hash chain: h_n = SHA-256(h_(n-1) + canonical row). Call it last: it serialises. */
  append(entry: {
    what: string;
    subject: string;
    who: string;
    why: string;
    traceId?: string | null;
  }): Promise<void>;
  latest(limit: number): Promise<AuditRow[]>;
  /** Recomputes the chain; the number of the first broken row, or null. */
  verify(): Promise<{ rows: number; brokenAt: number | null }>;
}

export interface AuditRow {
  seq: number;
  what: string;
  subject: string;
  who: string;
  why: string;
  at: Date;
  hash: string;
  traceId: string | null;
}

export interface SettingRepository {
  get(name: string): Promise<string | null>;
  all(): Promise<Map<string, string>>;
  set(name: string, value: string, by: string): Promise<void>;
}

export interface KillSwitchState {
  on: boolean;
  reason: string | null;
  by: string | null;
  since: Date | null;
}

export interface Heartbeat {
  service: string;
  instance: string;
  pid: number;
  startedAt: Date;
  seenAt: Date;
  /** Age of the oldest job waiting for this service, and the round trip of its last canary. */
  detail: Record<string, unknown>;
}

export interface DeadLetter {
  id: string;
  queue: string;
  messageId: string | null;
  name: string | null;
  code: string;
  reason: string;
  /** The message as received, cut at 4 KiB. */
  body: string;
  at: Date;
}

export interface SystemPlumbing {
  /** Rows not published, or published longer than `staleMs` ago and not received; oldest first; leased for `leaseMs`. */
  claimOutbox(limit: number, staleMs: number, leaseMs: number): Promise<OutboxRow[]>;
  markPublished(ids: string[]): Promise<void>;
  outboxAge(): Promise<{ waiting: number; oldestSeconds: number }>;
  /** Drops inbox rows older than the retention; the number dropped. */
  pruneInbox(olderThan: Date): Promise<number>;
  /** Drops old rows of the system-versioned tables that ended `historyRetentionDays` before `now`; rows by table. */
  pruneHistory(now: Date): Promise<Record<string, number>>;
  addDeadLetter(row: Omit<DeadLetter, 'at'>): Promise<void>;
  deadLetters(limit: number): Promise<DeadLetter[]>;
  killSwitch(): Promise<KillSwitchState>;
  setKillSwitch(on: boolean, reason: string, by: string): Promise<void>;
  beat(row: Omit<Heartbeat, 'seenAt'>): Promise<void>;
  heartbeats(): Promise<Heartbeat[]>;
  /** Takes or renews a named lease by the database clock; the fence rises with each change of owner, null = taken. */
  acquireLease(name: string, owner: string, ttlMs: number): Promise<{ fence: number } | null>;
  releaseLease(name: string, owner: string): Promise<void>;
}
