import { canonicalJson, HartoError, sha256Hex } from '@hartonomous/contracts';
import type { AuditLog, AuditRow, Inbox, Outbox, OutboxRow, SettingRepository } from '../port/plumbing.js';
import type { TenantContext } from './context.js';
import { auditPageRows, chainHash, genesisHash } from '../sql/audit-chain.js';

export function outboxRepository({ tenantId, deferred }: TenantContext): Outbox {
  return {
    add: async (message) => {
      const row: OutboxRow = {
        id: message.id,
        tenantId,
        name: message.name,
        epoch: message.epoch,
        refs: message.refs,
        trace: message.trace ?? {},
        deliverAt: message.deliverAt ?? new Date(),
      };
      deferred.addOutbox(row);
    },
  };
}

export function inboxRepository({ tenantId, db, statements }: TenantContext): Inbox {
  return {
    async receive(messageId, consumer, cycleId) {
      const { first, known } = await statements.receive(db, tenantId, messageId, consumer, cycleId ?? null);
      if (first && cycleId !== undefined && !known) {
        throw new HartoError('MESSAGE_FOREIGN_TENANT', `cycle ${cycleId} is not of the message's tenant`);
      }
      return first;
    },
  };
}

type AuditRecord = Omit<AuditRow, 'seq' | 'hash'> & { seq: string | number; hash: Buffer };

/** What the chain covers of an entry, beside its number and instant. */
const digestOf = (entry: Pick<AuditRow, 'what' | 'subject' | 'who' | 'why' | 'traceId'>): string =>
  sha256Hex(
    canonicalJson({
      what: entry.what,
      subject: entry.subject,
      who: entry.who,
      why: entry.why,
      traceId: entry.traceId,
    }),
  );

const auditFields = `seq as "seq", what as "what", subject as "subject", who as "who", why as "why",
  happened_at as "at", hash as "hash", trace_id as "traceId"`;

export function auditLog({ tenantId, db, deferred }: TenantContext): AuditLog {
  const plain = (r: AuditRecord): AuditRow => ({ ...r, seq: Number(r.seq), hash: r.hash.toString('hex') });
  return {
    append: async (entry) => {
      const row = { ...entry, traceId: entry.traceId ?? null };
      deferred.addAudit({ ...row, digest: digestOf(row) });
    },

    async latest(limit) {
      await deferred.flush();
      const rows = await db.rows<AuditRecord>(
        `select ${auditFields} from audit where tenant_id = $1 order by seq desc offset 0 rows fetch next $2 rows only`,
        [tenantId, limit],
      );
      return rows.map(plain);
    },

    async verify() {
      await deferred.flush();
      const [head] = await db.rows<{ seq: string | number; hash: Buffer }>(
        'select seq as "seq", hash as "hash" from audit_head where tenant_id = $1',
        [tenantId],
      );
      let seq = 0;
      let hash: Buffer = genesisHash;
      for (;;) {
        const page = await db.rows<AuditRecord>(
          `select ${auditFields} from audit where tenant_id = $1 and seq > $2
             order by seq offset 0 rows fetch next $3 rows only`,
          [tenantId, seq, auditPageRows],
        );
        for (const row of page) {
          const expected = chainHash(hash, seq + 1, row.at, digestOf(row));
          if (Number(row.seq) !== seq + 1 || !row.hash.equals(expected))
            return { rows: seq, brokenAt: seq + 1 };
          seq += 1;
          hash = row.hash;
        }
        if (page.length < auditPageRows) break;
      }
      const headMatches = head !== undefined && Number(head.seq) === seq && head.hash.equals(hash);
      return { rows: seq, brokenAt: headMatches ? null : seq + 1 };
    },
  };
}

export function settingRepository({ tenantId, db, sql, entities }: TenantContext): SettingRepository {
  return {
    get: async (name) => (await db.manager.findOneBy(entities.setting, { tenantId, name }))?.value ?? null,

    async all() {
      const rows = await db.manager.find(entities.setting, { where: { tenantId }, order: { name: 'asc' } });
      return new Map(rows.map((row) => [row.name, row.value]));
    },

    async set(name, value, by) {
      const params: unknown[] = [];
      const columns = { tenant_id: 'uuid', name: 'text', value: 'text', updated_by: 'text' } as const;
      const from = sql.rowset('r', columns, [[tenantId, name, value, by]], params);
      await db.run(
        sql.upsert({
          table: 'setting',
          keys: ['tenant_id', 'name'],
          columns: Object.keys(columns),
          from,
          update: { value: 'excluded.value', updated_by: 'excluded.updated_by', updated_at: sql.now },
        }),
        params,
      );
    },
  };
}
