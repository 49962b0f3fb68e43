import type { ChunkState, ComputationState } from '@hartonomous/contracts';
import type { ComputationRepository, LeasedChunk } from '../port/compute.js';
import {
  bytes,
  chunkFields,
  computationFields,
  readChunk,
  readComputation,
  type ChunkRecord,
  type ComputationRecord,
} from './computation-rows.js';
import type { TenantContext } from './context.js';

type Leases = Pick<
  ComputationRepository,
  'claim' | 'renew' | 'complete' | 'fail' | 'release' | 'addWaste' | 'expire'
>;

/** Chunks looked at in one claim: others may be quicker with the first ones. */
const candidatesMax = 16;

const mine = `tenant_id = $1 and computation_id = $2 and no = $3 and fence = $4 and state = 'Leased'`;

export function chunkLeases(context: TenantContext): Leases {
  return { claim: claiming(context), ...holding(context), ...losing(context) };
}

/** Candidates are read without a lock; the conditional update decides, and a lost race tries the next one. */
function claiming({ tenantId, db, sql }: TenantContext): Leases['claim'] {
  const lease = async (id: string, no: number, fence: number, owner: string, leaseMs: number) =>
    db.run(
      sql.update({
        table: 'computation_chunk',
        set: [
          `state = 'Leased'`,
          'fence = fence + 1',
          'claims = claims + 1',
          'owner = $5',
          'share = 0',
          `leased_at = ${sql.now}`,
          `leased_until = ${sql.later(sql.now, '$6')}`,
        ],
        where: `tenant_id = $1 and computation_id = $2 and no = $3 and fence = $4 and state = 'Pending'
          and exists (select 1 from computation c
            where c.tenant_id = $1 and c.id = $2 and c.state = 'Running')`,
      }),
      [tenantId, id, no, fence, owner, leaseMs],
    );
  return async (id, owner, leaseMs) => {
    const candidates = await db.rows<{ no: number; fence: number }>(
      `select no as "no", fence as "fence" from computation_chunk
       where tenant_id = $1 and computation_id = $2 and state = 'Pending' and available_at <= ${sql.now}
       order by no offset 0 rows fetch next $3 rows only`,
      [tenantId, id, candidatesMax],
    );
    for (const { no, fence } of candidates) {
      if ((await lease(id, no, fence, owner, leaseMs)) === 1) return read(id, no);
    }
    return null;
  };

  async function read(id: string, no: number): Promise<LeasedChunk> {
    const [chunk] = await db.rows<ChunkRecord>(
      `select ${chunkFields} from computation_chunk where tenant_id = $1 and computation_id = $2 and no = $3`,
      [tenantId, id, no],
    );
    const [row] = await db.rows<ComputationRecord & { carry: Buffer | null }>(
      `select ${computationFields}, carry as "carry" from computation where tenant_id = $1 and id = $2`,
      [tenantId, id],
    );
    const { carry, ...computation } = row;
    return { ...readChunk(chunk), computation: readComputation(computation as ComputationRecord), carry };
  }
}

function holding({ tenantId, db, sql }: TenantContext): Pick<Leases, 'renew' | 'complete'> {
  return {
    async renew(id, no, fence, share, leaseMs) {
      const until = sql.later(sql.now, '$6');
      const held = await db.run(
        `update computation_chunk set leased_until = ${until}, share = $5 where ${mine}`,
        [tenantId, id, no, fence, share, leaseMs],
      );
      if (held !== 1) return null;
      const [row] = await db.rows<{ state: ComputationState }>(
        `select state as "state" from computation where tenant_id = $1 and id = $2`,
        [tenantId, id],
      );
      return row?.state ?? null;
    },

    async complete(id, no, fence, result) {
      const done = await db.run(
        `update computation_chunk set state = 'Done', share = 1, leased_until = null, reason = null,
           summary = $5, partial = $6, output = $7, checksum = $8, elapsed_ms = $9, cpu_ms = $10,
           finished_at = ${sql.now} where ${mine}`,
        [
          tenantId,
          id,
          no,
          fence,
          JSON.stringify(result.summary),
          bytes(result.partial),
          bytes(result.output),
          result.checksum,
          result.elapsedMs,
          result.cpuMs,
        ],
      );
      if (done !== 1) return false;
      // A sum over the finished chunks, never an increment: a repetition cannot count twice. It never goes back.
      const share = `(select sum(k.cost) from computation_chunk k where k.tenant_id = $1 and k.computation_id = $2
        and k.state = 'Done' and k.verifies is null) / total_cost`;
      const next = `case when total_cost <= 0 then progress when ${share} > 0.999 then 0.999 else ${share} end`;
      await db.run(
        `update computation set progress = case when ${next} > progress then ${next} else progress end
         where tenant_id = $1 and id = $2 and state <> 'Completed'`,
        [tenantId, id],
      );
      return true;
    },
  };
}

function losing({ tenantId, db, sql }: TenantContext): Omit<Leases, 'claim' | 'renew' | 'complete'> {
  return {
    async fail(id, no, fence, reason, delayMs, failuresMax) {
      const parked = 'failures + 1 >= $7';
      const changed = await db.run(
        `update computation_chunk set failures = failures + 1, reason = $5, owner = null, leased_until = null,
           fence = fence + 1, share = 0, available_at = ${sql.later(sql.now, '$6')},
           state = case when ${parked} then 'Parked' else 'Pending' end where ${mine}`,
        [tenantId, id, no, fence, reason.slice(0, 500), delayMs, failuresMax],
      );
      if (changed !== 1) return null;
      const [row] = await db.rows<{ state: ChunkState }>(
        `select state as "state" from computation_chunk where tenant_id = $1 and computation_id = $2 and no = $3`,
        [tenantId, id, no],
      );
      return row.state;
    },

    async release(id, no, fence) {
      const changed = await db.run(
        `update computation_chunk set state = 'Pending', fence = fence + 1, owner = null, leased_until = null, share = 0
         where ${mine}`,
        [tenantId, id, no, fence],
      );
      return changed === 1;
    },

    async addWaste(id, elapsedMs) {
      await db.run(
        `update computation set wasted = wasted + 1, wasted_ms = wasted_ms + $3 where tenant_id = $1 and id = $2`,
        [tenantId, id, elapsedMs],
      );
    },

    async expire(id, claimsMax) {
      const rows = await db.rows<{ no: number }>(
        sql.update({
          table: 'computation_chunk',
          set: [
            `state = case when claims >= $3 then 'Parked' else 'Pending' end`,
            'fence = fence + 1',
            'owner = null',
            'leased_until = null',
            'share = 0',
            `reason = 'its worker went silent'`,
          ],
          where: `tenant_id = $1 and computation_id = $2 and state = 'Leased' and leased_until < ${sql.now}`,
          returning: ['no'],
        }),
        [tenantId, id, claimsMax],
      );
      return rows.map((row) => row.no);
    },
  };
}
