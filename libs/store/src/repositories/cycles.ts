import type { Candidate, ObservationDocument, RejectedCandidate } from '@hartonomous/contracts';
import { HartoError } from '@hartonomous/contracts';
import type { CycleRepository, CycleRow, HypothesisRow } from '../port/loop.js';
import type { Columns, ColumnType } from '../sql/dialect.js';
import type { TenantContext } from './context.js';

type CycleRecord = Omit<CycleRow, 'outcome'> & { outcome: string | null };

const cycleFields = `id as "id", number as "number", state as "state", scope as "scope", epoch as "epoch",
  requested_by as "requestedBy", requested_at as "requestedAt", due_at as "dueAt", window_from as "windowFrom",
  window_to as "windowTo", trace_id as "traceId", outcome as "outcome", finished_at as "finishedAt"`;

const readCycle = (r: CycleRecord): CycleRow => ({
  ...r,
  outcome: r.outcome === null ? null : (JSON.parse(r.outcome) as Record<string, unknown>),
});

/** Another writer may open and end a cycle between our two statements; this often and something else is wrong. */
const requestAttemptsMax = 5;

export function cycleRepository(context: TenantContext): CycleRepository {
  return {
    ...cycleRows(context),
    ...cycleSteps(context),
    ...observations(context),
    ...hypotheses(context),
    ...rejections(context),
  };
}

type CycleRows = Pick<CycleRepository, 'request' | 'get' | 'latest'>;

function cycleRows({ tenantId, db, sql }: TenantContext): CycleRows {
  const byId = async (id: string): Promise<CycleRow | null> => {
    const [row] = await db.rows<CycleRecord>(
      `select ${cycleFields} from cycle where tenant_id = $1 and id = $2`,
      [tenantId, id],
    );
    return row ? readCycle(row) : null;
  };

  const open = async (): Promise<CycleRow | null> => {
    const [row] = await db.rows<CycleRecord>(
      `select ${cycleFields} from cycle where tenant_id = $1 and open_no = 0`,
      [tenantId],
    );
    return row ? readCycle(row) : null;
  };

  return {
    async request(input) {
      const columns: Columns = {
        tenant_id: 'uuid',
        id: 'uuid',
        scope: 'text',
        by_whom: 'text',
        due_at: 'instant',
      };
      const values = [tenantId, input.id, input.scope, input.requestedBy, input.dueAt];
      for (let attempt = 0; attempt < requestAttemptsMax; attempt++) {
        const params: unknown[] = [];
        const from = sql.rowset('r', columns, [values], params);
        const added = await db.run(
          sql.insertNew({
            table: 'cycle',
            columns: ['tenant_id', 'id', 'number', 'state', 'scope', 'requested_by', 'due_at'],
            from,
            select: [
              'r.tenant_id',
              'r.id',
              '(select coalesce(max(c.number), 0) + 1 from cycle c where c.tenant_id = r.tenant_id)',
              "'Requested'",
              'r.scope',
              'r.by_whom',
              'r.due_at',
            ],
            match: 'cycle.tenant_id = r.tenant_id and (cycle.open_no = 0 or cycle.id = r.id)',
          }),
          params,
        );
        const cycle = (added === 1 ? null : await open()) ?? (await byId(input.id));
        if (cycle) return { cycle, created: added === 1 };
      }
      throw new HartoError('STORE_CONFLICT', 'the open cycle changes faster than it can be read');
    },

    get: byId,

    async latest(limit) {
      const rows = await db.rows<CycleRecord>(
        `select ${cycleFields} from cycle where tenant_id = $1
         order by number desc offset 0 rows fetch next $2 rows only`,
        [tenantId, limit],
      );
      return rows.map(readCycle);
    },
  };
}

function cycleSteps({ tenantId, db, sql }: TenantContext): Pick<CycleRepository, 'advance' | 'watermark'> {
  return {
    async advance(id, epoch, from, to, patch = {}) {
      const params: unknown[] = [tenantId, id, epoch, from, to];
      const set = ['state = $5', 'epoch = epoch + 1'];
      const put = (column: string, value: unknown, type: ColumnType = 'text') =>
        set.push(`${column} = ${sql.cast(`$${params.push(value)}`, type)}`);
      if ('windowFrom' in patch) put('window_from', patch.windowFrom, 'instant');
      if ('windowTo' in patch) put('window_to', patch.windowTo, 'instant');
      if ('traceId' in patch) put('trace_id', patch.traceId);
      if ('outcome' in patch) put('outcome', patch.outcome ? JSON.stringify(patch.outcome) : null);
      if (to === 'Learned' || to === 'Failed') set.push(`finished_at = ${sql.now}`);
      const where = 'tenant_id = $1 and id = $2 and epoch = $3 and state = $4';
      return (await db.run(sql.update({ table: 'cycle', set, where }), params)) === 1;
    },

    async watermark() {
      const [row] = await db.rows<{ at: Date | null }>(
        `select max(window_to) as "at" from cycle where tenant_id = $1 and state not in ('Requested', 'Failed')`,
        [tenantId],
      );
      return row.at;
    },
  };
}

type Observations = Pick<CycleRepository, 'addObservation' | 'observation' | 'observationOf'>;

function observations({ tenantId, db }: TenantContext): Observations {
  type Record_ = { id: string; cycleId: string; document: string };
  const one = async (column: 'id' | 'cycle_id', value: string) => {
    const [row] = await db.rows<Record_>(
      `select id as "id", cycle_id as "cycleId", document as "document" from observation
       where tenant_id = $1 and ${column} = $2`,
      [tenantId, value],
    );
    return row ? { ...row, document: JSON.parse(row.document) as ObservationDocument } : null;
  };
  return {
    async addObservation(row) {
      await db.send('insert into observation (tenant_id, id, cycle_id, document) values ($1, $2, $3, $4)', [
        tenantId,
        row.id,
        row.cycleId,
        JSON.stringify(row.document),
      ]);
    },
    observation: (id) => one('id', id),
    async observationOf(cycleId) {
      const row = await one('cycle_id', cycleId);
      return row ? { id: row.id, document: row.document } : null;
    },
  };
}

const hypothesisColumns: Columns = {
  tenant_id: 'uuid',
  id: 'uuid',
  cycle_id: 'uuid',
  type: 'text',
  target: 'text',
  candidate: 'text',
  plan_hash: 'text',
  value: 'float',
  selection_probability: 'float',
  chosen: 'boolean',
};

type HypothesisRecord = Omit<HypothesisRow, 'candidate'> & { candidate: string };

function hypotheses({
  tenantId,
  db,
  sql,
}: TenantContext): Pick<CycleRepository, 'addHypotheses' | 'hypotheses' | 'hypothesesOf'> {
  const fields = `id as "id", cycle_id as "cycleId", candidate as "candidate", plan_hash as "planHash",
    value as "value", selection_probability as "selectionProbability", chosen as "chosen"`;
  const read = (r: HypothesisRecord): HypothesisRow => ({
    ...r,
    candidate: JSON.parse(r.candidate) as Candidate,
  });
  return {
    async addHypotheses(rows) {
      if (rows.length === 0) return;
      const params: unknown[] = [];
      const values = rows.map((r) => [
        tenantId,
        r.id,
        r.cycleId,
        r.candidate.type,
        r.candidate.target,
        JSON.stringify(r.candidate),
        r.planHash,
        r.value,
        r.selectionProbability,
        r.chosen,
      ]);
      const names = Object.keys(hypothesisColumns).join(', ');
      const from = sql.rowset('r', hypothesisColumns, values, params);
      await db.send(`insert into hypothesis (${names}) select ${names} from ${from}`, params);
    },

    async hypotheses(ids) {
      if (ids.length === 0) return [];
      const params: unknown[] = [tenantId];
      const where = `tenant_id = $1 and ${sql.anyOf('id', 'uuid', ids, params)}`;
      const rows = await db.rows<HypothesisRecord>(
        `select ${fields} from hypothesis where ${where} order by value desc, ${sql.idText('id')}`,
        params,
      );
      return rows.map(read);
    },

    async hypothesesOf(cycleId) {
      const rows = await db.rows<HypothesisRecord>(
        `select ${fields} from hypothesis where tenant_id = $1 and cycle_id = $2
         order by value desc, ${sql.idText('id')}`,
        [tenantId, cycleId],
      );
      return rows.map(read);
    },
  };
}

function rejections({
  tenantId,
  db,
  sql,
}: TenantContext): Pick<CycleRepository, 'addRejected' | 'rejectedOf' | 'rejectedSince'> {
  const fields = 'type as "type", target as "target", reason as "reason", reason_code as "reasonCode"';
  return {
    async addRejected(cycleId, rows) {
      if (rows.length === 0) return;
      const params: unknown[] = [tenantId, cycleId];
      const columns: Columns = {
        nth: 'int',
        type: 'text',
        target: 'text',
        reason: 'text',
        reason_code: 'text',
      };
      const values = rows.map((r, i) => [i + 1, r.type, r.target, r.reason, r.reasonCode]);
      const from = sql.rowset('r', columns, values, params);
      await db.run(
        `insert into rejected_candidate (tenant_id, cycle_id, candidate_no, type, target, reason, reason_code)
         select $1, $2, r.nth + (select coalesce(max(c.candidate_no), 0) from rejected_candidate c
           where c.tenant_id = $1 and c.cycle_id = $2), r.type, r.target, r.reason, r.reason_code from ${from}`,
        params,
      );
    },

    rejectedOf: (cycleId) =>
      db.rows<RejectedCandidate>(
        `select ${fields} from rejected_candidate where tenant_id = $1 and cycle_id = $2 order by candidate_no`,
        [tenantId, cycleId],
      ),

    rejectedSince: (from) =>
      db.rows<RejectedCandidate & { cycleId: string }>(
        `select ${fields}, cycle_id as "cycleId" from rejected_candidate where tenant_id = $1 and created_at >= $2
         order by created_at, ${sql.idText('cycle_id')}, candidate_no`,
        [tenantId, from],
      ),
  };
}
