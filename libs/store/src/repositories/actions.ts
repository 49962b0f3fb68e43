import type { EffectInterval } from '@hartonomous/contracts';
import type { ActionRepository, ActionRow, ActionTransitionRow, EvidencePairRow } from '../port/loop.js';
import type { Columns } from '../sql/dialect.js';
import type { TenantContext } from './context.js';
import { actionSteps, createdAction, steppedAction, type ActionStep } from './provenance-contents.js';
import { sealAction } from './provenance-writers.js';

type JsonField = 'parameters' | 'inverse' | 'progress' | 'effect' | 'expected' | 'exposure' | 'approvedBy';
type ActionRecord = Omit<ActionRow, JsonField> & Record<JsonField, string | null>;

const fields = `id as "id", cycle_id as "cycleId", hypothesis_id as "hypothesisId", type as "type", target as "target",
  target_class as "targetClass", design as "design", action_class as "actionClass", state as "state",
  version as "version", plan_hash as "planHash", parameters as "parameters", inverse as "inverse",
  snapshot_hash as "snapshotHash", progress as "progress", fingerprint as "fingerprint", reason as "reason",
  verdict as "verdict", effect as "effect", pairs as "pairs", expected as "expected", exposure as "exposure",
  trace_id as "traceId", created_at as "createdAt", applied_at as "appliedAt", concluded_at as "concludedAt",
  expires_at as "expiresAt", approved_by as "approvedBy"`;

const json = (value: unknown): string | null =>
  value === null || value === undefined ? null : JSON.stringify(value);
const parse = (text: string | null): unknown => (text === null ? null : (JSON.parse(text) as unknown));

const readAction = (r: ActionRecord): ActionRow => ({
  ...r,
  parameters: parse(r.parameters) as Record<string, unknown>,
  inverse: parse(r.inverse) as Record<string, unknown> | null,
  progress: parse(r.progress) as Record<string, unknown>,
  effect: parse(r.effect) as EffectInterval | null,
  expected: parse(r.expected) as ActionRow['expected'],
  exposure: parse(r.exposure) as ActionRow['exposure'],
  approvedBy: parse(r.approvedBy) as string[],
});

const insertColumns: Columns = {
  tenant_id: 'uuid',
  id: 'uuid',
  cycle_id: 'uuid',
  hypothesis_id: 'uuid',
  type: 'text',
  target: 'text',
  target_class: 'text',
  design: 'text',
  action_class: 'text',
  state: 'text',
  plan_hash: 'text',
  parameters: 'text',
  inverse: 'text',
  snapshot_hash: 'text',
  progress: 'text',
  fingerprint: 'text',
  reason: 'text',
  expected: 'text',
  exposure: 'text',
  trace_id: 'text',
  expires_at: 'instant',
};

type NewAction = Parameters<ActionRepository['create']>[0];

const insertValues = (tenantId: string, row: NewAction): unknown[] => [
  tenantId,
  row.id,
  row.cycleId,
  row.hypothesisId,
  row.type,
  row.target,
  row.targetClass,
  row.design,
  row.actionClass,
  row.state,
  row.planHash,
  json(row.parameters),
  json(row.inverse),
  row.snapshotHash,
  json(row.progress),
  row.fingerprint,
  row.reason,
  json(row.expected),
  json(row.exposure),
  row.traceId,
  row.expiresAt,
];

export function actionRepository(context: TenantContext): ActionRepository {
  return {
    ...actionRows(context),
    ...actionOutcomes(context),
    ...actionMoves(context),
    ...evidence(context),
  };
}

function actionRows(context: TenantContext): Pick<ActionRepository, 'create' | 'get' | 'list'> {
  const { tenantId, db, sql } = context;
  const byKey = async (where: string, values: unknown[]): Promise<ActionRow | null> => {
    const [row] = await db.rows<ActionRecord>(
      `select ${fields} from action where tenant_id = $1 and ${where}`,
      [tenantId, ...values],
    );
    return row ? readAction(row) : null;
  };
  return {
    async create(row) {
      const params: unknown[] = [];
      const values = insertValues(tenantId, row);
      const names = Object.keys(insertColumns);
      const [added] = await db.rows<ActionRecord>(
        sql.insertNew({
          table: 'action',
          columns: names,
          select: names.map((n) => `r.${n}`),
          from: sql.rowset('r', insertColumns, [values], params),
          match:
            'action.tenant_id = r.tenant_id and action.cycle_id = r.cycle_id and action.hypothesis_id = r.hypothesis_id',
          returning: fields.split(/,\s+/),
        }),
        params,
      );
      if (!added)
        return (await byKey('cycle_id = $2 and hypothesis_id = $3', [row.cycleId, row.hypothesisId]))!;
      await sealAction(context, row.id, { revision: 0, content: createdAction({ ...added }), before: null });
      return readAction(added);
    },

    get: (id) => byKey('id = $2', [id]),

    async list({ states, cycleId, type, limit }) {
      const params: unknown[] = [tenantId];
      const where = ['tenant_id = $1'];
      if (states) where.push(sql.anyOf('state', 'text', states, params));
      if (cycleId) where.push(`cycle_id = $${params.push(cycleId)}`);
      if (type) where.push(`type = $${params.push(type)}`);
      const rows = await db.rows<ActionRecord>(
        `select ${fields} from action where ${where.join(' and ')}
         order by created_at desc, ${sql.idText('id')} desc offset 0 rows fetch next $${params.push(limit)} rows only`,
        params,
      );
      return rows.map(readAction);
    },
  };
}

type Outcomes = Pick<ActionRepository, 'settledTargets' | 'transitions'>;

function actionOutcomes({ tenantId, db, sql }: TenantContext): Outcomes {
  return {
    transitions: (id) =>
      db.rows<ActionTransitionRow>(
        `select action_id as "actionId", seq as "seq", from_state as "fromState", to_state as "toState",
           event as "event", reason as "reason", done_by as "by", happened_at as "at", trace_id as "traceId"
         from action_transition where tenant_id = $1 and action_id = $2 order by seq`,
        [tenantId, id],
      ),

    async settledTargets() {
      const rows = await db.rows<Awaited<ReturnType<ActionRepository['settledTargets']>>[number]>(
        `select newest.type as "type", newest.target as "target", newest.state as "state",
           newest.concluded_at as "concludedAt", newest.fingerprint as "fingerprint", newest.reverts as "reverts"
         from (
           select type, target, state, concluded_at, fingerprint,
             sum(case when state in ('RevertedHarm', 'RevertedNoBenefit', 'Inconclusive', 'Unkept') then 1 else 0 end)
               over (partition by type, target) as reverts,
             row_number() over (partition by type, target order by concluded_at desc, ${sql.idText('id')} desc) as nth
           from action where tenant_id = $1 and concluded_at is not null) newest
         where newest.nth = 1 order by newest.concluded_at desc`,
        [tenantId],
      );
      return rows.map((row) => ({ ...row, reverts: Number(row.reverts) }));
    },
  };
}

const patchColumns = {
  inverse: ['inverse', 'text'],
  snapshotHash: ['snapshot_hash', 'text'],
  progress: ['progress', 'text'],
  verdict: ['verdict', 'text'],
  effect: ['effect', 'text'],
  pairs: ['pairs', 'int'],
  appliedAt: ['applied_at', 'instant'],
  concludedAt: ['concluded_at', 'instant'],
  expiresAt: ['expires_at', 'instant'],
  approvedBy: ['approved_by', 'text'],
  traceId: ['trace_id', 'text'],
} as const;
const jsonPatches = new Set<string>(['inverse', 'progress', 'effect', 'approvedBy']);

const transitionColumns = [
  'tenant_id',
  'action_id',
  'seq',
  'from_state',
  'to_state',
  'event',
  'reason',
  'done_by',
  'trace_id',
];

function actionMoves(context: TenantContext): Pick<ActionRepository, 'transition' | 'saveProgress'> {
  const { tenantId, db, sql } = context;
  const unchanged = 'tenant_id = $1 and id = $2 and version = $3 and state = $4';
  return {
    async transition(current, to, event, patch = {}) {
      const { id, version, state } = current;
      const params: unknown[] = [
        tenantId,
        id,
        version,
        state,
        to,
        event.name,
        event.reason,
        event.by,
        event.traceId,
      ];
      const set = ['state = $5', 'version = version + 1', 'transition_seq = transition_seq + 1'];
      for (const [key, [column, type]] of Object.entries(patchColumns)) {
        if (!(key in patch)) continue;
        const value = patch[key as keyof typeof patch];
        const n = params.push(jsonPatches.has(key) ? json(value) : value);
        set.push(`${column} = ${sql.cast(`$${n}`, type)}`);
      }
      const [done] = await db.rows<ActionStep>(
        sql.updateInsertRead(
          { table: 'action', set, where: unchanged },
          {
            table: 'action_transition',
            columns: transitionColumns,
            select: [
              'changed.tenant_id',
              'changed.id',
              'changed.transition_seq',
              ...[4, 5, 6, 7, 8, 9].map((n) => sql.cast(`$${n}`, 'text')),
            ],
          },
          actionSteps,
        ),
        params,
      );
      if (!done) return false;
      const { seq: revision, before } = done;
      const content = await steppedAction(context, id, done);
      await sealAction(context, id, { revision, content, before }, patch.approvedBy);
      return true;
    },

    async saveProgress({ id, version, state }, progress) {
      const params = [tenantId, id, version, state, json(progress)];
      const set = ['progress = $5', 'version = version + 1'];
      return (await db.run(sql.update({ table: 'action', set, where: unchanged }), params)) === 1;
    },
  };
}

const evidenceColumns: Columns = {
  tenant_id: 'uuid',
  action_id: 'uuid',
  kind: 'text',
  pair_no: 'int',
  control: 'text',
  treated: 'text',
  errors_control: 'int',
  errors_treated: 'int',
  count_control: 'int',
  count_treated: 'int',
  arm_order: 'text',
  measured_at: 'instant',
};

type EvidenceRecord = Omit<EvidencePairRow, 'control' | 'treated'> & { control: string; treated: string };

function evidence({ tenantId, db, sql }: TenantContext): Pick<ActionRepository, 'addEvidence' | 'evidence'> {
  return {
    async addEvidence(rows) {
      if (rows.length === 0) return 0;
      const params: unknown[] = [];
      const values = rows.map((r) => [
        tenantId,
        r.actionId,
        r.kind,
        r.pairNo,
        JSON.stringify(r.control),
        JSON.stringify(r.treated),
        r.errorsControl,
        r.errorsTreated,
        r.countControl,
        r.countTreated,
        r.order,
        r.measuredAt,
      ]);
      const names = Object.keys(evidenceColumns);
      return db.run(
        sql.insertNew({
          table: 'evidence_pair',
          columns: names,
          select: names.map((n) => `r.${n}`),
          from: sql.rowset('r', evidenceColumns, values, params),
          match:
            'evidence_pair.tenant_id = r.tenant_id and evidence_pair.action_id = r.action_id' +
            ' and evidence_pair.kind = r.kind and evidence_pair.pair_no = r.pair_no',
        }),
        params,
      );
    },

    async evidence(actionId) {
      const rows = await db.rows<EvidenceRecord>(
        `select action_id as "actionId", pair_no as "pairNo", kind as "kind", control as "control",
           treated as "treated", errors_control as "errorsControl", errors_treated as "errorsTreated",
           count_control as "countControl", count_treated as "countTreated", arm_order as "order",
           measured_at as "measuredAt"
         from evidence_pair where tenant_id = $1 and action_id = $2 order by kind, pair_no`,
        [tenantId, actionId],
      );
      return rows.map((r) => ({
        ...r,
        control: JSON.parse(r.control) as number[],
        treated: JSON.parse(r.treated) as number[],
      }));
    },
  };
}
