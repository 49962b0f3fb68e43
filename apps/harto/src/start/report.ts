import type { OnceReport } from '@hartonomous/contracts';
import { effectText } from '../gateway-client.js';
import type { GatewayClient } from '../gateway-client.js';
import type { ActionDetail, ActionShown, RejectedShown } from '../gateway-documents.js';
import { cut, table } from '../output.js';

export interface ReportInput {
  client: GatewayClient;
  ended: OnceReport['ended'];
  requests: number;
  cycles: number;
  /** Ids of the actions of earlier runs. */
  earlier: Set<string>;
  /** Number of the newest cycle before this run. */
  cyclesBefore: number;
}

const actionsMax = 50;

/** Everything in it is read from the store through the gateway. */
export async function buildReport(input: ReportInput): Promise<OnceReport> {
  const { client } = input;
  const [status, listed, rejected, cycles] = await Promise.all([
    client.status(),
    client.actions({ limit: String(actionsMax) }),
    client.rejected(500),
    client.cycles(100),
  ]);
  const shown = listed.filter((action) => action.verdict !== null || !input.earlier.has(action.id));
  const details = await Promise.all(shown.map((action) => client.action(action.id)));
  const ofThisRun = new Set(
    cycles.filter((cycle) => cycle.number > input.cyclesBefore).map((cycle) => cycle.id),
  );
  return {
    ended: input.ended,
    corpus: status.corpus,
    workload: { requests: input.requests },
    cycles: input.cycles,
    actions: details.map((action) => actionEntry(action, input.earlier)),
    rejected: rejectedEntries(rejected.filter((row) => ofThisRun.has(row.cycleId))),
    console: new URL('/', client.baseUrl).href,
  };
}

function actionEntry(action: ActionDetail, earlier: Set<string>): OnceReport['actions'][number] {
  return {
    id: action.id,
    run: earlier.has(action.id) ? 'earlier' : 'this',
    type: action.type,
    target: action.target,
    design: action.design,
    pairs: action.pairs,
    effect: action.effect,
    verdict: action.verdict,
    reason: concludingReason(action),
    traceId: action.traceId,
  };
}

/** Why the verdict fell, or, before it, why the action was tried. */
function concludingReason(action: ActionDetail): string {
  const last = action.transitions.toSorted((a, b) => a.seq - b.seq).at(-1);
  return action.verdict !== null && last?.reason ? last.reason : action.reason;
}

function rejectedEntries(rows: RejectedShown[]): OnceReport['rejected'] {
  const distinct = new Map<string, OnceReport['rejected'][number]>();
  for (const { type, target, reason } of rows) {
    const text = target ? `${target}: ${reason}` : reason;
    distinct.set(`${type}|${text}`, { type, reason: text });
  }
  return [...distinct.values()];
}

const endings: Record<OnceReport['ended'], string> = {
  verdicts: 'two types of action have a verdict',
  'nothing-worth-trying': 'nothing is worth trying now',
  time: 'the time was over before two types had a verdict',
};

const undone = (action: ActionShown | OnceReport['actions'][number]) =>
  action.verdict !== null && /^Reverted|^Inconclusive|^Unkept/.test(action.verdict);

/** The short table for people; `findings` are the summaries of what was observed. */
export function reportText(report: OnceReport, findings: string[]): string {
  const tried = report.actions.map((action) => [
    action.run === 'this' ? '' : 'earlier',
    action.type,
    cut(action.target, 56),
    String(action.pairs),
    effectText(action.effect),
    action.verdict ?? 'open',
    undone(action) ? 'undone' : '',
  ]);
  const section = (title: string, lines: string[]) =>
    lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
  const why = report.actions
    .filter((action) => action.verdict !== null)
    .map((action) => `${action.type}: ${cut(action.reason, 140)}`);
  return [
    `${endings[report.ended]}: ${report.cycles} cycles over ${report.workload.requests} requests, ${report.corpus.atoms} atoms of ${report.corpus.files} files`,
    ...section(
      'observed',
      findings.map((line) => cut(line, 140)),
    ),
    '',
    tried.length === 0
      ? 'tried: nothing'
      : table(['', 'tried', 'target', 'pairs', 'effect [95 %]', 'verdict', ''], tried, [3]),
    ...section('why', why),
    ...section(
      'rejected',
      report.rejected.map((row) => `${row.type}: ${cut(row.reason, 140)}`),
    ),
  ].join('\n');
}
