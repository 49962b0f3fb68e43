import type { OutboxRow } from '../../port/plumbing.js';
import type { AuditEntry, EngineStatements, Executor, MergeAtom } from '../../sql/executor.js';
import { outboxColumns, outboxValues, readOutbox, type OutboxRecord } from '../../sql/outbox-record.js';

const outboxNames = Object.keys(outboxColumns).join(', ');

const insertOutbox = `insert into outbox (${outboxNames}) select ${outboxNames} from `;

/** The head's new hash covers the one before, the number, the instant and the entry's digest: see audit-chain.ts. */
function appendAudit(n: number): string {
  const p = (i: number) => `$${n + i}`;
  return `head as (
    update audit_head set seq = audit_head.seq + 1,
      hash = sha256(audit_head.hash || convert_to('|' || (audit_head.seq + 1)::text || '|' ||
        (extract(epoch from clock.at) * 1000)::int8::text || '|' || ${p(2)}::text, 'UTF8'))
    from clock where tenant_id = ${p(1)}::uuid
    returning audit_head.seq, audit_head.hash, clock.at)
  insert into audit (tenant_id, seq, what, subject, who, why, trace_id, happened_at, hash)
  select ${p(1)}::uuid, head.seq, ${p(3)}::text, ${p(4)}::text, ${p(5)}::text, ${p(6)}::text, ${p(7)}::text, head.at, head.hash
  from head`;
}

const clock = `clock as materialized (select date_trunc('milliseconds', clock_timestamp()) as at)`;

const auditValues = (tenantId: string, e: AuditEntry): unknown[] => [
  tenantId,
  e.digest,
  e.what,
  e.subject,
  e.who,
  e.why,
  e.traceId,
];

async function flush(
  db: Executor,
  tenantId: string,
  outbox: OutboxRow[],
  audit: AuditEntry[],
): Promise<void> {
  const rest = [...audit];
  if (outbox.length > 0) {
    const params: unknown[] = [];
    const insert = insertOutbox + db.dialect.rowset('r', outboxColumns, outbox.map(outboxValues), params);
    const first = rest.shift();
    if (first) {
      const text = `with added as (${insert}), ${clock}, ${appendAudit(params.length)}`;
      await db.send(text, [...params, ...auditValues(tenantId, first)]);
    } else {
      await db.send(insert, params);
    }
  }
  for (const entry of rest) await db.send(`with ${clock}, ${appendAudit(0)}`, auditValues(tenantId, entry));
}

const receive: EngineStatements['receive'] = async (db, tenantId, messageId, consumer, cycleId) => {
  const [row] = await db.rows<{ first: boolean; known: boolean }>(
    `with taken as (delete from outbox where id = $2 and tenant_id = $1),
     added as (insert into inbox (tenant_id, message_id, consumer) values ($1, $2, $3) on conflict do nothing returning 1)
     select exists (select 1 from added) as first,
       exists (select 1 from cycle where tenant_id = $1 and id = $4) as known`,
    [tenantId, messageId, consumer, cycleId],
  );
  return row;
};

async function mergeAtoms(db: Executor, atoms: MergeAtom[]): Promise<Map<string, string>> {
  const rows = await db.rows<{ hash: string; id: string }>(
    `select encode(content_hash, 'hex') as hash, atom_id as id from merge_atoms($1::uuid[], $2::text[], $3::text[])`,
    [atoms.map((a) => a.id), atoms.map((a) => a.modality), atoms.map((a) => a.text)],
  );
  return new Map(rows.map((row) => [row.hash, row.id]));
}

async function takeAtoms(db: Executor, _tenantId: string, atoms: MergeAtom[]): Promise<number> {
  const [row] = await db.rows<{ n: string }>('select merge_atoms($1::text[], $2::text[]) as n', [
    atoms.map((a) => a.modality),
    atoms.map((a) => a.text),
  ]);
  return Number(row.n);
}

async function countAtomReferences(db: Executor, atomIds: string[], change: 1 | -1): Promise<void> {
  if (atomIds.length === 0) return;
  await db.rows('select count_atom_references($1::uuid[], $2::int4)', [atomIds, change]);
}

async function claimOutbox(
  db: Executor,
  limit: number,
  staleMs: number,
  leaseMs: number,
): Promise<OutboxRow[]> {
  const rows = await db.rows<OutboxRecord>(
    `with due as materialized (
       select id from outbox
       where deliver_at <= statement_timestamp()
         and (leased_until is null or leased_until <= statement_timestamp())
         and (published_at is null or published_at <= statement_timestamp() - $2::float8 * interval '1 millisecond')
       order by deliver_at, id limit $1 for update skip locked)
     update outbox o set leased_until = statement_timestamp() + $3::float8 * interval '1 millisecond'
     from due where o.id = due.id
     returning o.id, o.tenant_id, o.name, o.epoch, o.refs, o.trace, o.deliver_at`,
    [limit, staleMs, leaseMs],
  );
  return rows.map(readOutbox).sort((a, b) => +a.deliverAt - +b.deliverAt || (a.id < b.id ? -1 : 1));
}

/** With cube, the GiST order-by operator: exact, and served by the feature's index; without, plain arithmetic. */
export function postgresStatements(hasCube: boolean): EngineStatements {
  return {
    flush,
    receive,
    mergeAtoms,
    takeAtoms,
    countAtomReferences,
    claimOutbox,
    // The k-NN index answers in the order of the distance itself.
    within: () => '',
    distance: (t, [x, y, z]) =>
      hasCube
        ? `cube(array[${t}.x, ${t}.y, ${t}.z]) <-> cube(array[${x}::float8, ${y}::float8, ${z}::float8])`
        : `(${t}.x - ${x}) * (${t}.x - ${x}) + (${t}.y - ${y}) * (${t}.y - ${y}) + (${t}.z - ${z}) * (${t}.z - ${z})`,
  };
}
