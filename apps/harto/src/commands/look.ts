import type { Command } from 'commander';
import { face, whole } from '../command-face.js';
import type { CycleDetail, CycleShown, ImprovementShown, NetGainShown } from '../gateway-documents.js';
import { ageOf, cut, table } from '../output.js';
import { netGainText, statusText } from './status-text.js';

/** Commands that only read: status, cycles, hypotheses, traces, audit. */
export function addLookCommands(program: Command): void {
  face(
    program.command('status').description('services, cycle, kill switch, corpus and what is kept'),
    ['status', 'status --json'],
    async ({ output, gateway }) => {
      const status = await gateway().status();
      output.result(status, () => statusText(status));
    },
  );
  addCycles(program);
  face(
    program
      .command('hypotheses')
      .description('what a cycle weighed: chosen, not chosen, rejected and why')
      .argument('[cycle]', 'id of the cycle; the newest decided one without it'),
    ['hypotheses', 'hypotheses 0192f0c4-7d1e-7c3a-9b1d-2f6f0d1c5a77 --json'],
    async ({ output, gateway }, _options, id: string | undefined) => {
      const client = gateway();
      const recent = id ? [] : await client.cycles(20);
      const chosen = id ?? recent.find((cycle) => !['Requested', 'Observed'].includes(cycle.state))?.id;
      if (!chosen) {
        output.result({ cycle: null, hypotheses: [], rejected: [] }, () => 'no cycle has decided yet');
        return;
      }
      const cycle = await client.cycle(chosen);
      const document = { cycle: cycle.id, hypotheses: cycle.hypotheses, rejected: cycle.rejected };
      output.result(document, () => hypothesesText(cycle));
    },
  );
  addImprovements(program);
  addTraces(program);
  addAudit(program);
}

function addImprovements(program: Command): void {
  face(
    program
      .command('improvements')
      .description('what was learned of each action: net gain, success score, why')
      .option('--limit <n>', 'how many', whole(1, 500), 20),
    ['improvements', 'improvements --limit 5 --json'],
    async ({ output, gateway }, { limit }: { limit: number }) => {
      const learned = await gateway().get<{ netGain: NetGainShown; items: ImprovementShown[] }>(
        `/v1/improvements?limit=${limit}`,
      );
      output.result(learned, () =>
        [improvementsText(learned.items), `net gain: ${netGainText(learned.netGain)}`].join('\n\n'),
      );
    },
  );
}

function improvementsText(items: ImprovementShown[]): string {
  const rows = items.map(({ at, actionId, verdict, netGainSeconds, successScore, document }) => {
    const again = document.rescoredAfterHours;
    const what = again === undefined ? document.what : `${actionId} again, after ${again} h`;
    return [
      ageOf(at),
      verdict,
      cut(what ?? actionId, 60),
      netGainSeconds.toFixed(3),
      successScore.toFixed(2),
      cut(document.why ?? document.reason ?? '', 80),
    ];
  });
  return table(['learned', 'verdict', 'what', 'gain s/h', 'score', 'why'], rows, [3, 4]);
}

function addCycles(program: Command): void {
  const cycles = program.command('cycles').description('the loop’s cycles');
  face(
    cycles
      .command('list', { isDefault: true })
      .description('newest first')
      .option('--limit <n>', 'how many', whole(1, 500), 20),
    ['cycles list', 'cycles list --limit 5 --json'],
    async ({ output, gateway }, { limit }: { limit: number }) => {
      const items = await gateway().cycles(limit);
      output.result({ items }, () => cyclesText(items));
    },
  );
  face(
    cycles
      .command('show')
      .description('one cycle: findings, hypotheses, actions')
      .argument('<cycle>', 'its id'),
    ['cycles show 0192f0c4-7d1e-7c3a-9b1d-2f6f0d1c5a77'],
    async ({ output, gateway }, _options, id: string) => {
      const cycle = await gateway().cycle(id);
      output.result(cycle, () =>
        [cyclesText([cycle]), findingsText(cycle), hypothesesText(cycle)].join('\n\n'),
      );
    },
  );
}

interface Span {
  service: string;
  name: string;
  startedAt: string;
  durationMs: number | null;
  status: string;
}

function addTraces(program: Command): void {
  face(
    program
      .command('trace')
      .description('the spans of one trace, over all services')
      .argument('<trace>', '32 hex digits'),
    ['trace 4bf92f3577b34da6a3ce929d0e0e4736'],
    async ({ output, gateway }, _options, id: string) => {
      const trace = await gateway().get<{ traceId: string; spans: Span[] }>(
        `/v1/traces/${encodeURIComponent(id)}`,
      );
      output.result(trace, () => {
        const spans = trace.spans.toSorted((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt));
        const began = spans.length > 0 ? Date.parse(spans[0].startedAt) : 0;
        const rows = spans.map((span) => [
          `${Date.parse(span.startedAt) - began}`,
          span.durationMs === null ? 'open' : span.durationMs.toFixed(1),
          span.service,
          span.name,
          span.status,
        ]);
        return table(['at ms', 'took ms', 'service', 'span', 'status'], rows, [0, 1]);
      });
    },
  );
}

interface AuditShown {
  seq: number;
  at: string;
  who: string;
  what: string;
  subject: string;
  why: string;
}

function addAudit(program: Command): void {
  const audit = program.command('audit').description('who did what and why, in a hash chain');
  face(
    audit
      .command('list', { isDefault: true })
      .description('newest entries')
      .option('--limit <n>', 'how many', whole(1, 500), 30),
    ['audit list', 'audit list --limit 5 --json'],
    async ({ output, gateway }, { limit }: { limit: number }) => {
      const log = await gateway().get<{ items: AuditShown[] }>(`/v1/audit?limit=${limit}`);
      output.result(log, () =>
        table(
          ['seq', 'when', 'who', 'what', 'subject', 'why'],
          log.items.map((row) => [
            String(row.seq),
            row.at,
            row.who,
            row.what,
            cut(row.subject, 40),
            cut(row.why, 40),
          ]),
          [0],
        ),
      );
    },
  );
}

function cyclesText(items: CycleShown[]): string {
  const rows = items.map((row) => [
    String(row.number),
    row.id,
    row.state,
    row.scope,
    ageOf(row.requestedAt),
    row.finishedAt ? ageOf(row.finishedAt) : '-',
  ]);
  return table(['no', 'id', 'state', 'scope', 'requested', 'finished'], rows, [0]);
}

function findingsText(cycle: CycleDetail): string {
  const document = cycle.observation?.document;
  if (!document) return 'nothing observed yet';
  const findings = document.findings.map((row) => [
    row.kind,
    row.severity.toFixed(2),
    String(row.rowCount),
    row.summary,
  ]);
  const missing = document.unavailable.map((source) => `no data from ${source}`);
  return [table(['finding', 'severity', 'rows', 'what'], findings, [1, 2]), ...missing].join('\n');
}

function hypothesesText(cycle: CycleDetail): string {
  const tried = cycle.hypotheses.map(({ candidate, chosen, value, selectionProbability }) => [
    chosen ? 'chosen' : 'not now',
    candidate.type,
    cut(candidate.target, 60),
    value.toFixed(3),
    selectionProbability.toFixed(2),
    cut(candidate.reason, 80),
  ]);
  const rejected = cycle.rejected.map((row) => [
    'rejected',
    row.type,
    cut(row.target, 60),
    '-',
    '-',
    cut(row.reason, 80),
  ]);
  return table(['', 'type', 'target', 'value s/h', 'p', 'why'], [...tried, ...rejected], [3, 4]);
}
