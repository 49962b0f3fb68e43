import { sha256Hex } from '@hartonomous/contracts';
import type { ReadBoth } from '../sql/dialect.js';
import type { TenantContext } from './context.js';

/** What a node's content hash covers, made from the thing's own rows: the same when it is sealed and when verified. */

/** Over the content hashes of a file's atoms, in the order of its regions. */
export const regionsHash = (hashes: Buffer[]): string =>
  sha256Hex(hashes.map((hash) => hash.toString('hex')).join('\n'));

export interface RequestFields {
  id: string;
  modelId: string;
  operation: string;
  inputHash: string;
  /** As stored: text. */
  input: string;
  startedAt: Date;
  durationMs: number;
  status: string;
  cacheHit: boolean;
  actionId: string | null;
  blockNo: number | null;
  arm: string | null;
  sessionId: string | null;
  traceId: string | null;
  resultCount: number;
}

interface Step {
  atomId: string;
  score: number;
  rank: number;
}

/** A JSON array with its members in this order: there are many requests, and sorting names takes longer than hashing. */
export function requestContent(r: RequestFields, steps: Step[]): string {
  return JSON.stringify([
    r.id,
    r.modelId,
    r.operation,
    r.inputHash,
    r.input,
    r.startedAt.toISOString(),
    r.durationMs,
    r.status,
    Boolean(r.cacheHit),
    r.actionId,
    r.blockNo,
    r.arm,
    r.sessionId,
    r.traceId,
    r.resultCount,
    [...steps].sort((a, b) => a.rank - b.rank).map((s) => [s.rank, s.atomId, s.score]),
  ]);
}

export const requestColumns = `id as "id", model_id as "modelId", operation as "operation", input_hash as "inputHash",
  input as "input", started_at as "startedAt", duration_ms as "durationMs", status as "status",
  cache_hit as "cacheHit", action_id as "actionId", block_no as "blockNo", arm as "arm", session_id as "sessionId",
  trace_id as "traceId", result_count as "resultCount"`;

const planFields = `a.cycle_id as "cycleId", a.hypothesis_id as "hypothesisId", a.type as "type",
  a.target as "target", a.target_class as "targetClass", a.design as "design", a.action_class as "actionClass",
  a.plan_hash as "planHash", a.parameters as "parameters", a.fingerprint as "fingerprint", a.reason as "reason",
  a.expected as "expected", a.exposure as "exposure"`;

/** Of an action (alias a), its transition (t) and the node of the state before (p). */
const actionFields = `${planFields}, a.state as "state", a.inverse as "inverse",
  a.snapshot_hash as "snapshotHash", a.verdict as "verdict", a.effect as "effect", a.pairs as "pairs",
  a.approved_by as "approvedBy", p.hash as "before", a.transition_seq as "seq", t.seq as "doneSeq", t.from_state as "doneFrom",
  t.to_state as "doneTo", t.event as "doneEvent", t.reason as "doneReason", t.done_by as "doneBy",
  t.happened_at as "doneAt", t.trace_id as "doneTraceId"`;

/** What is sealed of an action that has just made a transition, and whether pairs were measured for it. */
export const actionSteps: ReadBoth = {
  fields: `${actionFields}, case when exists (select 1 from evidence_pair e
    where e.tenant_id = a.tenant_id and e.action_id = a.id) then 1 else 0 end as "measured"`,
  on: 't.tenant_id = a.tenant_id and t.action_id = a.id and t.seq = a.transition_seq',
  joins: `left join provenance_node p
    on p.tenant_id = a.tenant_id and p.id = a.id and p.revision = a.transition_seq - 1`,
  where: 'a.tenant_id = $1 and a.id = $2',
};

const planNames =
  `cycleId hypothesisId type target targetClass design actionClass planHash parameters fingerprint
  reason expected exposure`.split(/\s+/);
const stateNames = 'state inverse snapshotHash verdict effect pairs approvedBy'.split(' ');
const transitionNames = 'doneFrom doneTo doneEvent doneReason doneBy doneTraceId'.split(' ');

type Row = Record<string, unknown>;
const pick = (row: Row, names: string[]): Row => Object.fromEntries(names.map((name) => [name, row[name]]));

export interface ActionDocument {
  plan: Row;
  transition: Row | null;
  /** Of the row after the transition; the row moves on. */
  state: Row;
  evidence: { bounds: Record<string, number>; digest: string } | null;
}

/** A row of `actionSteps`; of an action as created, without a transition. */
export type ActionState = Row & { seq: number; verdict: unknown; doneSeq?: number | null };
export type ActionStep = ActionState & { before: Buffer | null; measured: number };

function actionDocument(
  row: ActionState,
  evidence: ActionDocument['evidence'],
  sealed?: ActionDocument,
): ActionDocument {
  const moved = row.doneSeq !== null && row.doneSeq !== undefined;
  return {
    plan: pick(row, planNames),
    transition: moved ? { ...pick(row, transitionNames), doneAt: (row.doneAt as Date).toISOString() } : null,
    state: sealed?.state ?? pick(row, stateNames),
    evidence,
  };
}

/** What is sealed of an action as created. */
export const createdAction = (row: Row): ActionDocument =>
  actionDocument({ ...row, seq: 0, verdict: null }, null);

/** What is sealed of an action after a transition. */
export async function steppedAction(
  context: TenantContext,
  id: string,
  row: ActionStep,
): Promise<ActionDocument> {
  if (row.verdict === null) return actionDocument(row, null);
  return actionDocument(
    row,
    Number(row.measured) === 0 ? noEvidence : await evidenceDigest(context, id, null),
  );
}

/**
 * An action after an earlier transition: the plan, the transition and the evidence are read again, and the rest is taken
 * from what was sealed; of its last one, everything is read.
 */
export async function actionContent(
  context: TenantContext,
  id: string,
  earlier: { revision: number; sealed: ActionDocument } | null,
): Promise<{ revision: number; content: ActionDocument } | null> {
  const { tenantId, db } = context;
  const params: unknown[] = [tenantId, id];
  const seq = earlier ? `$${params.push(earlier.revision)}` : 'a.transition_seq';
  const [row] = await db.rows<ActionStep>(
    `select ${actionFields} from action a
     left join action_transition t on t.tenant_id = a.tenant_id and t.action_id = a.id and t.seq = ${seq}
     left join provenance_node p on p.tenant_id = a.tenant_id and p.id = a.id and p.revision = ${seq} - 1
     where a.tenant_id = $1 and a.id = $2`,
    params,
  );
  const revision = earlier?.revision ?? row?.seq;
  if (!row || (revision > 0 && row.doneSeq === null)) return null;
  const judged = earlier ? earlier.sealed.evidence !== null : row.verdict !== null;
  const bounds = earlier?.sealed.evidence?.bounds ?? null;
  const evidence = judged ? await evidenceDigest(context, id, bounds) : null;
  return { revision, content: actionDocument(row, evidence, earlier?.sealed) };
}

/** Over the pairs that a verdict rests on, up to the highest numbers when it was sealed. */
async function evidenceDigest(
  { tenantId, db }: TenantContext,
  actionId: string,
  sealed: Record<string, number> | null,
): Promise<ActionDocument['evidence']> {
  const rows = await db.rows<{ kind: string; no: number; control: string; treated: string }>(
    `select kind as "kind", pair_no as "no", control as "control", treated as "treated"
     from evidence_pair where tenant_id = $1 and action_id = $2 order by kind, pair_no`,
    [tenantId, actionId],
  );
  const bounds: Record<string, number> = { ...sealed };
  if (!sealed) for (const { kind, no } of rows) bounds[kind] = Math.max(bounds[kind] ?? 0, no);
  const lines = rows
    .filter((row) => row.no <= (bounds[row.kind] ?? -1))
    .map((row) => `${row.kind} ${row.no} ${row.control} ${row.treated}`);
  return { bounds, digest: sha256Hex(lines.join('\n')) };
}

const noEvidence = { bounds: {}, digest: sha256Hex('') };

const chunksPage = 10_000;

export interface ComputationEnd {
  content: Record<string, unknown>;
  /** Its chunks read the stored vectors. */
  readsVectors: boolean;
}

export async function computationContent(context: TenantContext, id: string): Promise<ComputationEnd | null> {
  const { tenantId, db } = context;
  const [row] = await db.rows<Record<string, unknown> & { work: string | null }>(
    `select id as "id", type as "type", type_version as "version", params as "params", options as "options",
       idempotency_key as "idempotencyKey", requested_by as "requestedBy", state as "state", work as "work",
       result as "result", result_hash as "resultHash", reason as "reason"
     from computation where tenant_id = $1 and id = $2`,
    [tenantId, id],
  );
  if (!row) return null;
  const { work, ...fields } = row;
  const input = work === null ? null : ((JSON.parse(work) as { input?: unknown }).input ?? null);
  const lines: string[] = [];
  for (let after = -1; ;) {
    const page = await db.rows<{
      no: number;
      round: number;
      verifies: number | null;
      checksum: string | null;
    }>(
      `select no as "no", round as "round", verifies as "verifies", checksum as "checksum" from computation_chunk
       where tenant_id = $1 and computation_id = $2 and no > $3 and state = 'Done'
       order by no offset 0 rows fetch next ${chunksPage} rows only`,
      [tenantId, id, after],
    );
    lines.push(...page.map((c) => `${c.no} ${c.round} ${c.verifies ?? '-'} ${c.checksum ?? '-'}`));
    if (page.length < chunksPage) break;
    after = page[page.length - 1].no;
  }
  return {
    content: { ...fields, input, chunks: lines.length, chunksHash: sha256Hex(lines.join('\n')) },
    readsVectors: input !== null,
  };
}
