import type { DeadLetter, Heartbeat, KillSwitchState, SystemPlumbing } from '../port/plumbing.js';
import type { SystemContext } from './context.js';
import { systemVersioned } from './versioned.js';

/** The message as received, cut: bytes of UTF-8. */
const bodyBytesMax = 4096;

function cutUtf8(text: string, bytes: number): string {
  const buffer = Buffer.from(text, 'utf8');
  if (buffer.length <= bytes) return text;
  return buffer
    .subarray(0, bytes)
    .toString('utf8')
    .replace(/\uFFFD+$/u, '');
}

// Neither engine keeps NUL in text.
const printable = (text: string): string => text.replaceAll('\u0000', '\uFFFD');

export function systemPlumbing(context: SystemContext): SystemPlumbing {
  return { ...outboxUpkeep(context), ...deadLetters(context), ...switches(context), ...leases(context) };
}

type OutboxUpkeep = Pick<
  SystemPlumbing,
  'claimOutbox' | 'markPublished' | 'outboxAge' | 'pruneInbox' | 'pruneHistory'
>;

/** How long the old rows of system-versioned tables are kept. */
export const historyRetentionDays = 90;
const dayMs = 86_400_000;

function outboxUpkeep({ db, sql, statements }: SystemContext): OutboxUpkeep {
  return {
    claimOutbox: (limit, staleMs, leaseMs) => statements.claimOutbox(db, limit, staleMs, leaseMs),

    async markPublished(ids) {
      if (ids.length === 0) return;
      const params: unknown[] = [];
      const where = sql.anyOf('id', 'uuid', ids, params);
      await db.run(`update outbox set published_at = ${sql.now}, leased_until = null where ${where}`, params);
    },

    async outboxAge() {
      const [row] = await db.rows<{ waiting: string | number; oldest: number | null }>(
        `select count(*) as "waiting", max(${sql.ageSeconds('deliver_at')}) as "oldest"
         from outbox where published_at is null and deliver_at <= ${sql.now}`,
      );
      return { waiting: Number(row.waiting), oldestSeconds: Math.max(0, row.oldest ?? 0) };
    },

    pruneInbox: (olderThan) => db.run('delete from inbox where received_at < $1', [olderThan]),

    async pruneHistory(now) {
      const before = new Date(now.getTime() - historyRetentionDays * dayMs);
      const dropped: Record<string, number> = {};
      for (const { table } of systemVersioned) {
        dropped[table] = await db.run(`delete from ${table}_history where valid_to < $1`, [before]);
      }
      return dropped;
    },
  };
}

function deadLetters({ db, entities }: SystemContext): Pick<SystemPlumbing, 'addDeadLetter' | 'deadLetters'> {
  return {
    async addDeadLetter(row) {
      await db.run(
        `insert into dead_letter (id, queue, message_id, name, code, reason, body) values ($1, $2, $3, $4, $5, $6, $7)`,
        [
          row.id,
          row.queue,
          row.messageId,
          row.name,
          row.code,
          printable(row.reason),
          cutUtf8(printable(row.body), bodyBytesMax),
        ],
      );
    },

    async deadLetters(limit): Promise<DeadLetter[]> {
      const rows = await db.manager.find(entities.deadLetter, {
        order: { createdAt: 'desc', id: 'desc' },
        take: limit,
      });
      return rows.map(({ createdAt, ...row }) => ({ ...row, at: createdAt }));
    },
  };
}

type Switches = Pick<SystemPlumbing, 'killSwitch' | 'setKillSwitch' | 'beat' | 'heartbeats'>;

function switches({ db, sql, entities }: SystemContext): Switches {
  return {
    async killSwitch(): Promise<KillSwitchState> {
      const [row] = await db.rows<{
        on: boolean;
        reason: string | null;
        by: string | null;
        since: Date | null;
      }>(
        `select is_on as "on", reason as "reason", changed_by as "by", changed_at as "since" from kill_switch where id = 1`,
      );
      // Law 9: what cannot be read counts as on.
      return row ?? { on: true, reason: 'the kill switch row is missing', by: null, since: null };
    },

    async setKillSwitch(on, reason, by) {
      await db.run(
        `update kill_switch set is_on = $1, reason = $2, changed_by = $3, changed_at = ${sql.now} where id = 1`,
        [on, reason, by],
      );
    },

    async beat(row) {
      const params: unknown[] = [];
      const columns = {
        service: 'text',
        instance: 'text',
        pid: 'int',
        started_at: 'instant',
        detail: 'text',
      } as const;
      const values = [row.service, row.instance, row.pid, row.startedAt, JSON.stringify(row.detail)];
      const from = `(select r.*, ${sql.now} as seen_at from ${sql.rowset('r', columns, [values], params)}) r`;
      await db.run(
        sql.upsert({
          table: 'service_heartbeat',
          keys: ['service', 'instance'],
          columns: [...Object.keys(columns), 'seen_at'],
          from,
          update: {
            pid: 'excluded.pid',
            started_at: 'excluded.started_at',
            detail: 'excluded.detail',
            seen_at: 'excluded.seen_at',
          },
        }),
        params,
      );
    },

    async heartbeats(): Promise<Heartbeat[]> {
      const rows = await db.manager.find(entities.heartbeat, { order: { service: 'asc', instance: 'asc' } });
      return rows.map((row) => ({ ...row, detail: JSON.parse(row.detail) as Record<string, unknown> }));
    },
  };
}

function leases({ db, sql }: SystemContext): Pick<SystemPlumbing, 'acquireLease' | 'releaseLease'> {
  return {
    async acquireLease(name, owner, ttlMs) {
      const params: unknown[] = [];
      const columns = { name: 'text', owner: 'text', fence: 'int', ttl_ms: 'float' } as const;
      const rows = sql.rowset('t', columns, [[name, owner, 1, ttlMs]], params);
      const from = `(select t.name, t.owner, t.fence, ${sql.later(sql.now, 't.ttl_ms')} as expires_at from ${rows}) r`;
      const [row] = await db.rows<{ fence: number }>(
        sql.upsert({
          table: 'lease',
          keys: ['name'],
          columns: ['name', 'owner', 'fence', 'expires_at'],
          from,
          update: {
            fence: 'case when lease.owner = excluded.owner then lease.fence else lease.fence + 1 end',
            owner: 'excluded.owner',
            expires_at: 'excluded.expires_at',
          },
          when: `lease.owner = excluded.owner or lease.expires_at <= ${sql.now}`,
          returning: ['fence'],
        }),
        params,
      );
      return row ? { fence: row.fence } : null;
    },

    async releaseLease(name, owner) {
      await db.run(`update lease set owner = '', expires_at = ${sql.now} where name = $1 and owner = $2`, [
        name,
        owner,
      ]);
    },
  };
}
