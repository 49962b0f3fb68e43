import type { ChunkTallies, ComputationRepository } from '../port/compute.js';
import type { Columns } from '../sql/dialect.js';
import { chunkFields, readChunk, type ChunkRecord } from './computation-rows.js';
import type { TenantContext } from './context.js';

type Records = Pick<
  ComputationRepository,
  'addChunks' | 'chunks' | 'partials' | 'tallies' | 'timings' | 'settleVerification' | 'retryParked' | 'rerun'
>;

const chunkColumns: Columns = {
  no: 'int',
  round: 'int',
  lo: 'bigint',
  hi: 'bigint',
  cost: 'float',
  verifies: 'int',
};

interface PartialRecord {
  no: number;
  summary: string;
  partial: Buffer | null;
  output: Buffer | null;
}

/** Everything a chunk had found is forgotten; the fence rises, so that a worker under way cannot write. */
const forgotten = `state = 'Pending', fence = fence + 1, owner = null, leased_until = null, summary = null,
  partial = null, output = null, checksum = null, verified = $1, share = 0, finished_at = null`;

export function chunkRecords(context: TenantContext): Records {
  const { tenantId, db, sql } = context;
  return {
    ...chunkReads(context),

    async addChunks(id, chunks) {
      if (chunks.length === 0) return 0;
      const params: unknown[] = [];
      const rows = chunks.map((c) => [c.no, c.round, c.lo, c.hi, c.cost, c.verifies]);
      const from = sql.rowset('r', chunkColumns, rows, params);
      const tenant = sql.cast(`$${params.push(tenantId)}`, 'uuid');
      const computation = sql.cast(`$${params.push(id)}`, 'uuid');
      const names = Object.keys(chunkColumns);
      return db.run(
        sql.insertNew({
          table: 'computation_chunk',
          columns: ['tenant_id', 'computation_id', ...names],
          select: [tenant, computation, ...names.map((name) => `r.${name}`)],
          from,
          match: `computation_chunk.tenant_id = ${tenant} and computation_chunk.computation_id = ${computation}
            and computation_chunk.no = r.no`,
        }),
        params,
      );
    },

    async settleVerification(id, no, verifies, agrees, failuresMax) {
      if (agrees) {
        await db.run(
          `update computation_chunk set verified = $5
           where tenant_id = $1 and computation_id = $2 and no in ($3, $4)`,
          [tenantId, id, no, verifies, true],
        );
        return;
      }
      await db.run(
        `update computation_chunk set ${forgotten}, failures = failures + 1, reason = $6
         where tenant_id = $2 and computation_id = $3 and no in ($4, $5) and state = 'Done'`,
        [false, tenantId, id, no, verifies, 'the verification found another result'],
      );
      await db.run(
        `update computation_chunk set state = 'Parked'
         where tenant_id = $1 and computation_id = $2 and no in ($3, $4) and state = 'Pending' and failures >= $5`,
        [tenantId, id, no, verifies, failuresMax],
      );
    },

    retryParked: (id) =>
      db.run(
        `update computation_chunk set state = 'Pending', fence = fence + 1, failures = 0, reason = null,
           available_at = ${sql.now}
         where tenant_id = $1 and computation_id = $2 and state = 'Parked'`,
        [tenantId, id],
      ),

    async rerun(id, lo, hi) {
      const owners = `select no from computation_chunk where tenant_id = $2 and computation_id = $3
        and verifies is null and lo <= $5 and hi >= $4`;
      return db.run(
        `update computation_chunk set ${forgotten}, failures = 0, reason = null
         where tenant_id = $2 and computation_id = $3 and state in ('Done', 'Parked')
           and (no in (${owners}) or verifies in (${owners}))`,
        [false, tenantId, id, lo, hi],
      );
    },
  };
}

type Reads = Pick<ComputationRepository, 'chunks' | 'partials' | 'tallies' | 'timings'>;

function chunkReads({ tenantId, db, sql }: TenantContext): Reads {
  return {
    async chunks(id, after, limit, states) {
      const params: unknown[] = [tenantId, id, after, limit];
      const only = states ? ` and ${sql.anyOf('state', 'text', states, params)}` : '';
      const rows = await db.rows<ChunkRecord>(
        `select ${chunkFields} from computation_chunk
         where tenant_id = $1 and computation_id = $2 and no > $3${only}
         order by no offset 0 rows fetch next $4 rows only`,
        params,
      );
      return rows.map(readChunk);
    },

    async partials(id, round, after, limit, withOutput = false) {
      const rows = await db.rows<PartialRecord>(
        `select no as "no", summary as "summary", ${withOutput ? 'null' : 'partial'} as "partial",
           ${withOutput ? 'output' : 'null'} as "output"
         from computation_chunk where tenant_id = $1 and computation_id = $2 and round = $3 and no > $4
           and state = 'Done' and verifies is null
         order by no offset 0 rows fetch next $5 rows only`,
        [tenantId, id, round, after, limit],
      );
      return rows.map((row) => ({ ...row, summary: JSON.parse(row.summary) as Record<string, unknown> }));
    },

    async tallies(id, round): Promise<ChunkTallies> {
      const params: unknown[] = [tenantId, id];
      const only = round === undefined ? '' : ` and round = $${params.push(round)}`;
      const sum = (when: string, value = '1') => `sum(case when ${when} then ${value} else 0 end)`;
      const own = 'verifies is null';
      const [row] = await db.rows<Record<keyof ChunkTallies, string | number | null>>(
        `select ${sum("state = 'Pending'")} as "pending", ${sum("state = 'Leased'")} as "leased",
           ${sum(`state = 'Done' and ${own}`)} as "done", ${sum(`state = 'Parked' and ${own}`)} as "parked",
           ${sum(`verifies is not null and state = 'Done'`)} as "verified", sum(claims) as "claims",
           ${sum(`state = 'Done' and ${own}`, 'cost')} as "doneCost",
           ${sum(`state = 'Leased' and ${own}`, 'cost')} as "runningCost",
           ${sum(`state = 'Leased' and ${own}`, 'cost * share')} as "partlyCost",
           sum(elapsed_ms) as "elapsedMs", sum(cpu_ms) as "cpuMs"
         from computation_chunk where tenant_id = $1 and computation_id = $2${only}`,
        params,
      );
      const entries = Object.entries(row).map(([name, value]) => [name, Number(value ?? 0)]);
      return Object.fromEntries(entries) as unknown as ChunkTallies;
    },

    timings: (id, limit) =>
      db.rows<{ cost: number; elapsedMs: number }>(
        `select cost as "cost", elapsed_ms as "elapsedMs" from computation_chunk
         where tenant_id = $1 and computation_id = $2 and state = 'Done' and verifies is null
         order by finished_at desc, no desc offset 0 rows fetch next $3 rows only`,
        [tenantId, id, limit],
      ),
  };
}
