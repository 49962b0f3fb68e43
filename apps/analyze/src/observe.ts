import type { Finding, ObservationDocument } from '@hartonomous/contracts';
import type { CycleRow, MetricRow, Store, TenantTransaction, TracedRequest } from '@hartonomous/store';
import { slowLimits } from './findings/anomalous-requests.js';
import { conceptDriftFindings, driftSampleMax } from './findings/concept-drift.js';
import { conceptFinding, conceptSampleMax, unassignedMin } from './findings/concepts.js';
import { frequentReadFinding } from './findings/frequent-reads.js';
import { mergeIncidents } from './findings/incidents.js';
import { latencyTables, stratumKey, stratumOf, type StratumTable } from './findings/latency-table.js';
import { comparedSessions, journeyShapes, pathPointsMax } from './findings/journey-shapes.js';
import { feedbackFindings, journeyFindings, sessionsMax, wanderingJourneys } from './findings/people.js';
import { excessSeconds, foldBaseline, freeze, type Baseline } from './findings/regression.js';
import { trendFindings } from './findings/trend.js';
import { unusedDays, weakLimits, weakWeightFindings } from './findings/weak-weights.js';
import { named, rowsOf, slowestOf, type CountedFinding } from './name-rows.js';
import { observeEngine } from './observe-engine.js';
import { readAnomalies } from './read-anomalies.js';
import { readCache } from './read-cache.js';
import { shapeCorpus } from './code/shape-corpus.js';
import { notObservable } from './not-observable.js';
import { readInputs } from './read-inputs.js';
import { readCode } from './read-code.js';
import { pickOf, type Window } from './window.js';

export interface Observed {
  document: ObservationDocument;
  windowFrom: Date;
  windowTo: Date;
  /** The request whose trace the cycle continues: the slowest one of the window that has a trace. */
  noticed: TracedRequest | null;
  /** What the next observation compares with: written in the transaction that records this one. */
  baselines: Map<string, Baseline>;
  metrics: MetricRow[];
}

const fullLookBackHours = 24;
const topKeysMax = 300;
const idsMax = 200;
/** The slowest requests of a stratum among which one with a trace is looked for. */
const slowestMax = 20;
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
  await shapeCorpus(store, tenantId);
  const read = await store.withTenant(tenantId, (tx) => readWindow(tx, cycle, scale), {
    isolation: 'snapshot',
  });
  const engine = await observeEngine(store, tenantId, cycle.id, read.to, scale);
  const frequent = frequentReadFinding(read.keys, {
    modelId: read.model.id,
    corpusVersion: read.corpusVersion,
    cached: read.cached,
  });
  const findings: Finding[] = [
    ...engine.findings,
    ...(frequent ? [frequent] : []),
    ...read.idle,
    ...read.concepts,
    ...read.code.findings,
    ...read.anomalies,
    ...read.inputs.findings,
    ...read.counted,
    ...feedbackFindings(read.rated),
    ...journeyFindings(read.sessions),
    ...wanderingJourneys(read.sessions),
    ...journeyShapes(read.sessions, read.paths),
    ...weakWeightFindings(read.weak),
  ];
  return {
    document: {
      scope: cycle.scope,
      windowFrom: read.from.toISOString(),
      windowTo: read.to.toISOString(),
      strata: read.tables.map((table) => stratumOf(table, ratingOf(read, table))),
      findings,
      incidents: mergeIncidents(findings),
      unavailable: [
        ...engine.unavailable,
        ...read.code.unavailable,
        ...read.inputs.unavailable,
        ...notObservable,
      ],
    },
    windowFrom: read.from,
    windowTo: read.to,
    noticed: read.noticed,
    baselines: read.baselines,
    metrics: engine.metrics,
  };
}

const daysBefore = (to: Date, days: number): Date => new Date(to.getTime() - days * 86_400_000);

const ratingOf = (read: Read, table: StratumTable): number | null =>
  read.rated.find((r) => r.operation === table.operation && r.model === table.model)?.meanRating ?? null;

type Read = Awaited<ReturnType<typeof readWindow>>;

async function readWindow(tx: TenantTransaction, cycle: CycleRow, scale: number) {
  const to = await tx.now();
  const watermark = cycle.scope === 'full' ? null : await tx.cycles.watermark();
  const from = watermark ?? new Date(to.getTime() - fullLookBackHours * 3_600_000);
  const slotMs = Math.max(slotMsMin, Math.ceil((to.getTime() - from.getTime()) / slots));
  const window = { from, to, slotMs };
  const counts = await tx.analysis.latencyCounts(from, to, slotMs);
  const tables = latencyTables(counts, slots);
  // A hit is no measure for a computation: each is compared with its own kind.
  const parts = [false, true].flatMap((hit) => latencyTables(counts, slots, hit));
  const settings = await tx.settings.all();
  const regressions = compareWithBaselines(tables, settings, window);
  const trends = tables.flatMap((table) => trendFindings(table, slots, slotMs));
  const model = (await tx.models.resolve('serving')) ?? (await tx.models.ensureNative());
  const corpusVersion = await tx.ingestion.corpusVersion();
  const keys = await tx.workload.topKeys(from, to, topKeysMax);
  const sessions = await tx.analysis.endedSessions(from, to, sessionsMax);
  const hashes = keys.map((k) => k.inputHash);
  return {
    from,
    to,
    tables,
    baselines: regressions.baselines,
    model,
    corpusVersion,
    keys,
    cached: new Set(await tx.analysis.cachedKeys(model.id, corpusVersion, hashes)),
    idle: await readCache(tx, { now: to, scale, corpusVersion, settings }),
    ...(await readRows(tx, window, tables, parts, [...regressions.found, ...trends], cycle.id)),
    concepts: await readConcepts(tx, cycle.id),
    code: await readCode(tx),
    rated: await tx.analysis.ratings(from, to, idsMax),
    sessions,
    paths: await tx.analysis.sessionPaths(comparedSessions(sessions), pathPointsMax),
    weak: await tx.tensors.weak({ ...weakLimits, unusedSince: daysBefore(to, unusedDays / scale), idsMax }),
  };
}

/** Which requests the findings rest on: what is out of line, what regressed, and the slowest of each stratum. */
async function readRows(
  tx: TenantTransaction,
  window: Window,
  tables: readonly StratumTable[],
  parts: readonly StratumTable[],
  counted: readonly CountedFinding[],
  seed: string,
) {
  const limits = slowLimits(parts);
  const picks = [
    ...limits.map(({ table, aboveMs }) => pickOf(table, { ...window, aboveMs })),
    ...counted.map((found) => rowsOf(found, window)),
    ...tables.map((table) => slowestOf(table, window, Infinity, slowestMax)),
  ];
  const rows = await tx.analysis.slowRequests(picks, idsMax);
  const slowest = rows.slice(limits.length + counted.length).flatMap((r) => r.ids.slice(0, slowestMax));
  const lookBackMs = fullLookBackHours * 3_600_000;
  const anomalies = await readAnomalies(tx, window, limits, rows, { lookBackMs, seed });
  return {
    anomalies: anomalies.findings,
    inputs: await readInputs(tx, anomalies.samples, anomalies.baselines),
    counted: counted.map((found, i) => named(found, rows[limits.length + i]!)),
    noticed: await tx.analysis.traced(slowest),
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
  return [...findings, ...conceptDriftFindings(await tx.concepts.keptVectors(driftSampleMax, seed))];
}

/** Each stratum against its frozen baseline; a stratum without one gets it now. */
function compareWithBaselines(
  tables: readonly StratumTable[],
  settings: ReadonlyMap<string, string>,
  { to, slotMs }: Window,
): { found: CountedFinding[]; baselines: Map<string, Baseline> } {
  const baselines = new Map<string, Baseline>();
  const found: CountedFinding[] = [];
  const hourOf = (slot: number): number => {
    const at = new Date(to.getTime() - (slot + 0.5) * slotMs);
    return at.getUTCDay() * 24 + at.getUTCHours();
  };
  const windows = tables.map((table) => {
    const window = { table, hourOf, at: to.toISOString() };
    const stored = settings.get(baselineSetting(stratumKey(table)));
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
    if (folded.found) found.push(folded.found);
  }
  return { found, baselines };
}
