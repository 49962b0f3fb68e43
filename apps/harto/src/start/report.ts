import type { OnceReport } from '@hartonomous/contracts';
import { effectText } from '../gateway-client.js';
import type { GatewayClient } from '../gateway-client.js';
import type { ActionDetail, CycleShown, RejectedShown } from '../gateway-documents.js';
import { cut, table } from '../output.js';

/** What this run adds to what the store says. */
export interface RunFacts {
  ended: OnceReport['ended'];
  requests: number;
  cycles: number;
  /** Ids of the actions of earlier runs. */
  earlier: Set<string>;
  /** Number of the newest cycle before this run. */
  cyclesBefore: number;
}

export interface ReportSources {
  corpus: { files: number; atoms: number };
  actions: ActionDetail[];
  rejected: RejectedShown[];
  cycles: CycleShown[];
  console: string;
}

const actionsMax = 50;

/** Reads what the report is made of from the store, through the gateway. */
export async function readReportSources(client: GatewayClient, earlier: Set<string>): Promise<ReportSources> {
  const [status, listed, rejected, cycles] = await Promise.all([
    client.status(),
    client.actions({ limit: String(actionsMax) }),
    client.rejected(500),
    client.cycles(100),
  ]);
  const shown = listed.filter((action) => action.verdict !== null || !earlier.has(action.id));
  const actions = await Promise.all(shown.map((action) => client.action(action.id)));
  return { corpus: status.corpus, actions, rejected, cycles, console: new URL('/', client.baseUrl).href };
}

export function composeReport(sources: ReportSources, run: RunFacts): OnceReport {
  const newCycles = sources.cycles.filter((cycle) => cycle.number > run.cyclesBefore);
  const ofThisRun = new Set(newCycles.map((cycle) => cycle.id));
  return {
    ended: run.ended,
    corpus: { files: sources.corpus.files, atoms: sources.corpus.atoms },
    workload: { requests: run.requests },
    cycles: run.cycles,
    actions: sources.actions.map((action) => actionEntry(action, run.earlier)),
    rejected: rejectedEntries(sources.rejected.filter((row) => ofThisRun.has(row.cycleId))),
    console: sources.console,
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

const undone = (action: OnceReport['actions'][number]) =>
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
    `${endings[report.ended]}: ${report.cycles} ${report.cycles === 1 ? 'cycle' : 'cycles'} over ${report.workload.requests} requests, ${report.corpus.atoms} atoms of ${report.corpus.files} files`,
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
