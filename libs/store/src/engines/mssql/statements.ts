import type { OutboxRow } from '../../port/plumbing.js';
import type { AuditEntry, EngineStatements, Executor, MergeAtom } from '../../sql/executor.js';
import type { Columns } from '../../sql/dialect.js';
import { chainHash } from '../../sql/audit-chain.js';
import { outboxColumns, outboxValues, readOutbox, type OutboxRecord } from '../../sql/outbox-record.js';

const outboxNames = Object.keys(outboxColumns).join(', ');

const auditColumns: Columns = {
  tenant_id: 'uuid',
  seq: 'bigint',
  what: 'text',
  subject: 'text',
  who: 'text',
  why: 'text',
  trace_id: 'text',
  happened_at: 'instant',
  hash: 'bytes',
};
const auditNames = Object.keys(auditColumns);

interface Head {
  seq: string | number;
  hash: Buffer;
  at: Date;
}

/**
 * The chain is computed here: not every TDS server joins two binaries. The first statement locks the head, so that
 * nobody else appends before the second has written the new one.
 */
async function flush(
  db: Executor,
  tenantId: string,
  outbox: OutboxRow[],
  audit: AuditEntry[],
): Promise<void> {
  const params: unknown[] = [tenantId, audit.length];
  const parts: string[] = [];
  if (outbox.length > 0) {
    const rows = db.dialect.rowset('r', outboxColumns, outbox.map(outboxValues), params);
    parts.push(`insert into outbox (${outboxNames}) select ${outboxNames} from ${rows}`);
  }
  if (audit.length > 0) {
    parts.push(
      // Read back under the lock that the update holds, not by OUTPUT: some servers answer that from an old snapshot.
      `update audit_head set seq = seq + $2 where tenant_id = $1;
       select seq - $2 as seq, hash, cast(sysdatetimeoffset() as datetimeoffset(3)) as at
       from audit_head where tenant_id = $1`,
    );
  }
  const [head] = await db.rows<Head>(parts.join('; '), params);
  if (audit.length > 0) await appendAudit(db, tenantId, head, audit);
}

async function appendAudit(db: Executor, tenantId: string, head: Head, audit: AuditEntry[]): Promise<void> {
  let { hash } = head;
  const rows = audit.map((entry, i) => {
    const seq = Number(head.seq) + i + 1;
    hash = chainHash(hash, seq, head.at, entry.digest);
    return [tenantId, seq, entry.what, entry.subject, entry.who, entry.why, entry.traceId, head.at, hash];
  });
  const params: unknown[] = [tenantId, hash];
  const from = db.dialect.rowset('r', auditColumns, rows, params);
  await db.run(
    `insert into audit (${auditNames.join(', ')}) select ${auditNames.join(', ')} from ${from};
     update audit_head set hash = cast($2 as varbinary(32)) where tenant_id = $1`,
    params,
  );
}

const receive: EngineStatements['receive'] = async (db, tenantId, messageId, consumer, cycleId) => {
  const [row] = await db.rows<{ added: number; known: number }>(
    `delete from outbox where id = $2 and tenant_id = $1;
     insert into inbox (tenant_id, message_id, consumer) select $1, $2, $3
     where not exists (select 1 from inbox with (updlock, holdlock)
       where tenant_id = $1 and message_id = $2 and consumer = $3);
     select @@rowcount as added,
       (select count(*) from cycle where tenant_id = $1 and id = cast($4 as uniqueidentifier)) as known;`,
    [tenantId, messageId, consumer, cycleId],
  );
  return { first: row.added === 1, known: row.known === 1 };
};

async function mergeAtoms(db: Executor, atoms: MergeAtom[]): Promise<Map<string, string>> {
  const table = db.dialect.staged('stage_merge');
  await db.stage(
    'stage_merge',
    { id: 'uuid', modality: 'text', body: 'text', content_hash: 'bytes', size_bytes: 'bigint' },
    atoms.map((a) => [
      a.id,
      a.modality,
      a.text,
      Buffer.from(a.contentHash, 'hex'),
      Buffer.byteLength(a.text),
    ]),
  );
  await db.run(
    `insert into atom (id, content_hash, modality, text, size_bytes)
     select m.id, cast(m.content_hash as varbinary(32)), m.modality, m.body, m.size_bytes from ${table} m
     where not exists (select 1 from atom with (updlock, holdlock)
       where atom.content_hash = cast(m.content_hash as varbinary(32)))`,
  );
  const rows = await db.rows<{ hash: Buffer; id: string }>(
    `select a.content_hash as hash, a.id as id
     from ${table} m join atom a on a.content_hash = cast(m.content_hash as varbinary(32))`,
  );
  return new Map(rows.map((row) => [row.hash.toString('hex'), row.id]));
}

async function takeAtoms(db: Executor, tenantId: string, atoms: MergeAtom[]): Promise<number> {
  const unique = new Map(atoms.map((a) => [a.contentHash, a]));
  const ids = await mergeAtoms(db, [...unique.values()]);
  const uses = new Map<string, number>();
  for (const { contentHash } of atoms) uses.set(contentHash, (uses.get(contentHash) ?? 0) + 1);
  const rows = [...uses].map(([hash, count]) => [ids.get(hash), count] as unknown[]);
  const columns: Columns = { atom_id: 'uuid', uses: 'int' };
  const match = 'tenant_atom.tenant_id = $1 and tenant_atom.atom_id = r.atom_id';
  const params: unknown[] = [tenantId];
  // What is new first: a holding that another writer adds meanwhile is then counted up, not missed.
  const fresh = await db.rows<{ atom_id: string }>(
    db.dialect.insertNew({
      table: 'tenant_atom',
      columns: ['tenant_id', 'atom_id', 'reference_count'],
      select: ['$1', 'r.atom_id', 'r.uses'],
      from: db.dialect.rowset('r', columns, rows, params),
      match,
      returning: ['atom_id'],
    }),
    params,
  );
  const added = new Set(fresh.map((row) => row.atom_id));
  const held = rows.filter(([id]) => !added.has(id as string));
  if (held.length > 0) {
    const values: unknown[] = [tenantId];
    const from = db.dialect.rowset('r', columns, held, values);
    const set = ['reference_count = reference_count + r.uses'];
    await db.run(db.dialect.update({ table: 'tenant_atom', set, from, where: match }), values);
  }
  await countAtomReferences(
    db,
    fresh.map((row) => row.atom_id),
    1,
  );
  return fresh.length;
}

async function countAtomReferences(db: Executor, atomIds: string[], change: 1 | -1): Promise<void> {
  if (atomIds.length === 0) return;
  const params: unknown[] = [change];
  const where = db.dialect.anyOf('id', 'uuid', atomIds, params);
  await db.run(`update atom set reference_count = reference_count + $1 where ${where}`, params);
}

async function claimOutbox(
  db: Executor,
  limit: number,
  staleMs: number,
  leaseMs: number,
): Promise<OutboxRow[]> {
  const { later, now } = db.dialect;
  const due = `deliver_at <= ${now} and (leased_until is null or leased_until <= ${now})
    and (published_at is null or published_at <= ${later(now, '0 - $2')})`;
  const rows = await db.rows<OutboxRecord>(
    `update outbox set leased_until = ${later(now, '$3')}
     output inserted.id, inserted.tenant_id, inserted.name, inserted.epoch, inserted.refs, inserted.trace, inserted.deliver_at
     where ${due} and id in (
       select top ($1) id from outbox with (updlock, readpast, rowlock) where ${due} order by deliver_at)`,
    [limit, staleMs, leaseMs],
  );
  return rows.map(readOutbox).sort((a, b) => +a.deliverAt - +b.deliverAt || (a.id < b.id ? -1 : 1));
}

const squared = (t: string, [x, y, z]: [string, string, string]): string =>
  `(${t}.x - ${x}) * (${t}.x - ${x}) + (${t}.y - ${y}) * (${t}.y - ${y}) + (${t}.z - ${z}) * (${t}.z - ${z})`;

/** Candidates per neighbour that the planar search brings before it is widened. */
const candidatesEach = 4;

/** The planar distance that a spatial index orders by; it must not be null for the index to be used. */
const planarDistance = (t: string, [x, y]: [string, string, string]): string =>
  `${t}.position.STDistance(geometry::Point(${x}, ${y}, 0))`;

/**
 * Exact 3-D neighbours of a planar index: among the first candidates of the planar search, the k-th smallest 3-D
 * distance is one that the true k-th does not exceed, and the planar distance is a lower bound of the 3-D one; so all
 * rows within that planar distance have the k nearest among them. The margin is for the roots' last digits.
 */
export function widened(planar: typeof planarDistance): EngineStatements['within'] {
  return (alias, among, point, k) => `
    and ${planar(alias, point)} <= (
      select max(reach.far) * (1 + 1e-9) from (
        select top (${k}) found.far from (
          select top (${k * candidatesEach}) sqrt(${squared('n', point)}) as far from ${among}
            and ${planar('n', point)} is not null
          order by ${planar('n', point)}) found
        order by found.far) reach)`;
}

export const mssqlStatements: EngineStatements = {
  flush,
  receive,
  mergeAtoms,
  takeAtoms,
  countAtomReferences,
  claimOutbox,
  distance: squared,
  within: () => '',
};

/** Where the spatial feature stands. */
export const spatialStatements: EngineStatements = { ...mssqlStatements, within: widened(planarDistance) };
