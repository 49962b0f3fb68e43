import type { OutboxRow } from '../port/plumbing.js';
import type { AuditEntry, EngineStatements, Executor } from './executor.js';

/** Most outbox rows and audit entries of one transaction. */
const writesMax = 10_000;

/**
 * Outbox rows and audit entries wait here and are written together just before the commit: one round trip, and the
 * audit chain's head is locked as briefly as can be.
 */
export class DeferredWrites {
  private outbox: OutboxRow[] = [];
  private audit: AuditEntry[] = [];
  /** All outbox rows of the transaction, for the relay's shortcut after the commit. */
  readonly written: OutboxRow[] = [];

  constructor(
    private readonly db: Executor,
    private readonly statements: EngineStatements,
    private readonly tenantId: string,
  ) {}

  addOutbox(row: OutboxRow): void {
    this.bounded();
    this.outbox.push(row);
    this.written.push(row);
  }

  addAudit(entry: AuditEntry): void {
    this.bounded();
    this.audit.push(entry);
  }

  async flush(): Promise<void> {
    if (this.outbox.length === 0 && this.audit.length === 0) return;
    const { outbox, audit } = this;
    this.outbox = [];
    this.audit = [];
    await this.statements.flush(this.db, this.tenantId, outbox, audit);
  }

  private bounded(): void {
    if (this.written.length + this.audit.length >= writesMax) {
      throw new RangeError(`a transaction writes at most ${writesMax} outbox rows and audit entries`);
    }
  }
}
