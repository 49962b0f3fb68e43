import type { Finding, ObservationDocument } from '@hartonomous/contracts';
import type { CycleRow, MetricRow, NoticedRequest, Store, TenantTransaction } from '@hartonomous/store';
import { anomalousRequests, sampleMax, slowLimits } from './findings/anomalous-requests.js';
import { conceptFinding, conceptSampleMax, unassignedMin } from './findings/concepts.js';
import { frequentReadFinding } from './findings/frequent-reads.js';
import { mergeIncidents } from './findings/incidents.js';
import { latencyTables, stratumKey, stratumOf, type StratumTable } from './findings/latency-table.js';
import { feedbackFindings, journeyFindings, sessionsMax } from './findings/people.js';
import { excessSeconds, foldBaseline, freeze, type Baseline } from './findings/regression.js';
import { trendFindings } from './findings/trend.js';
import { observeEngine } from './observe-engine.js';

export interface Observed {
  document: ObservationDocument;
  windowFrom: Date;
  windowTo: Date;
  /** The request whose trace the cycle continues: the slowest one that the findings rest on. */
  noticed: NoticedRequest | null;
  /** What the next observation compares with: written in the transaction that records this one. */
  baselines: Map<string, Baseline>;
  metrics: MetricRow[];
}

const fullLookBackHours = 24;
const topKeysMax = 300;
const idsMax = 200;
/** Slots that the window is cut into for series, and their least length. */
const slots = 48;
const slotMsMin = 60_000;
export const baselineSetting = (stratum: string): string => `baseline.${stratum}`;

/** Reads what happened in the window: all counts over all rows, one consistent snapshot. */
export async function observe(
  store: Store,
  tenantId: string,
  cycle: CycleRow,
  scale: number,
): Promise<Observed> {
  const read = await store.withTenant(tenantId, (tx) => readWindow(tx, cycle), { isolation: 'snapshot' });
  const regressions = compareWithBaselines(read);
  const engine = await observeEngine(store, tenantId, cycle.id, read.to, scale);
  const frequent = frequentReadFinding(read.keys, {
    modelId: read.model.id,
    corpusVersion: read.corpusVersion,
  });
  const findings: Finding[] = [
    ...engine.findings,
    ...(frequent ? [frequent] : []),
    ...read.concepts,
    ...read.anomalies,
    ...regressions.findings,
    ...read.tables.flatMap((table) => trendFindings(table, slots, read.slotMs)),
    ...feedbackFindings(read.rated),
    ...journeyFindings(read.sessions),
  ];
  return {
    document: {
      scope: cycle.scope,
      windowFrom: read.from.toISOString(),
      windowTo: read.to.toISOString(),
      strata: read.tables.map((table) => stratumOf(table, ratingOf(read, table))),
      findings,
      incidents: mergeIncidents(findings),
      unavailable: engine.unavailable,
    },
    windowFrom: read.from,
    windowTo: read.to,
    noticed: read.slowest.find((r) => r.traceId !== null && r.spanId !== null) ?? null,
    baselines: regressions.baselines,
    metrics: engine.metrics,
  };
}

const ratingOf = (read: Read, table: StratumTable): number | null =>
  read.rated.find((r) => stratumKey(r) === stratumKey(table))?.meanRating ?? null;

type Read = Awaited<ReturnType<typeof readWindow>>;

async function readWindow(tx: TenantTransaction, cycle: CycleRow) {
  const to = await tx.now();
  const watermark = cycle.scope === 'full' ? null : await tx.cycles.watermark();
  const from = watermark ?? new Date(to.getTime() - fullLookBackHours * 3_600_000);
  const slotMs = Math.max(slotMsMin, Math.ceil((to.getTime() - from.getTime()) / slots));
  const tables = latencyTables(await tx.analysis.latencyCounts(from, to, slotMs), slots);
  const settings = await tx.settings.all();
  return {
    from,
    to,
    slotMs,
    tables,
    settings,
    model: (await tx.models.resolve('serving')) ?? (await tx.models.ensureNative()),
    corpusVersion: await tx.ingestion.corpusVersion(),
    keys: await tx.workload.topKeys(from, to, topKeysMax),
    slowest: await tx.workload.slowest(from, to, 5),
    anomalies: await readAnomalies(tx, { from, to, tables, seed: cycle.id }),
    concepts: await readConcepts(tx, cycle.id),
    rated: await tx.analysis.ratings(from, to, idsMax),
    sessions: await tx.analysis.endedSessions(from, to, sessionsMax),
  };
}

async function readConcepts(tx: TenantTransaction, seed: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const unassigned of await tx.concepts.unassigned()) {
    if (unassigned.count <= unassignedMin) continue;
    const sample = await tx.concepts.unassignedVectors(unassigned.embeddingModel, conceptSampleMax, seed);
    const finding = conceptFinding(unassigned, sample, seed);
    if (finding) findings.push(finding);
  }
  return findings;
}

async function readAnomalies(
  tx: TenantTransaction,
  window: { from: Date; to: Date; tables: StratumTable[]; seed: string },
): Promise<Finding[]> {
  const { from, to, tables, seed } = window;
  const limits = slowLimits(tables);
  const findings: Finding[] = [];
  const before = new Date(from.getTime() - fullLookBackHours * 3_600_000);
  for (const slow of await tx.analysis.slowRequests(from, to, limits, idsMax)) {
    const table = tables.find((t) => stratumKey(t) === stratumKey(slow))!;
    const sample = await tx.analysis.newestRequests(from, to, slow, sampleMax);
    const baseline = await tx.analysis.newestRequests(before, from, slow, sampleMax);
    const finding = anomalousRequests(table, slow, { sample, baseline }, seed);
    if (finding) findings.push(finding);
  }
  return findings;
}

/** Each stratum against its frozen baseline; a stratum without one gets it now. */
function compareWithBaselines(read: Read): { findings: Finding[]; baselines: Map<string, Baseline> } {
  const baselines = new Map<string, Baseline>();
  const findings: Finding[] = [];
  const hourOf = (slot: number): number => {
    const at = new Date(read.to.getTime() - (slot + 0.5) * read.slotMs);
    return at.getUTCDay() * 24 + at.getUTCHours();
  };
  const windows = read.tables.map((table) => {
    const window = { table, hourOf, at: read.to.toISOString() };
    const stored = read.settings.get(baselineSetting(stratumKey(table)));
    const baseline = stored ? (JSON.parse(stored) as Baseline) : null;
    return { window, baseline, excess: baseline ? excessSeconds(baseline, window) : 0 };
  });
  for (const { window, baseline } of windows) {
    const key = stratumKey(window.table);
    if (!baseline) {
      const frozen = freeze(window);
      if (frozen) baselines.set(key, frozen);
      continue;
    }
    const others = windows.filter((w) => w.window !== window);
    const saved = others.reduce((sum, w) => sum + Math.max(0, -w.excess), 0);
    const folded = foldBaseline(baseline, window, saved);
    baselines.set(key, folded.baseline);
    if (folded.finding) findings.push(folded.finding);
  }
  return { findings, baselines };
}
