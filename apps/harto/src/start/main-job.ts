import { setTimeout as sleep } from 'node:timers/promises';
import { HartoError } from '@hartonomous/contracts';
import type { OnceReport } from '@hartonomous/contracts';
import { defaultCorpusRoots, ingestCorpus, mineWorkload } from '@hartonomous/retrieval';
import type { Store } from '@hartonomous/store';
import { repositoryRoot } from '../config.js';
import type { GatewayClient } from '../gateway-client.js';
import type { Output } from '../output.js';
import { IngestBar } from './ingest-bar.js';
import { LoopWatch } from './loop-watch.js';
import { patiently } from './patiently.js';
import type { StartOptions } from './options.js';
import { composeReport, readReportSources, reportText } from './report.js';
import { minedWorkload, recordedWorkload } from './workload.js';
import type { Workload } from './workload.js';
import { driveWorkload } from './workload-driver.js';
import type { Driver } from './workload-driver.js';

export interface JobContext {
  client: GatewayClient;
  store: Store;
  tenantId: string;
  options: StartOptions;
  output: Output;
  signal: AbortSignal;
}

/** Requests before the first cycle is worth its look: Analyze prints no percentile from fewer. */
const requestsBeforeFirstCycle = 300;
/** Between an answer and the next question of an asker: two askers leave a small machine room for the loop. */
const thinkMs = 50;

/** What `harto start` is for: ingest, serve a workload, let the loop work on it, say what came of it. */
export async function runMainJob(context: JobContext): Promise<void> {
  await ingest(context);
  const askers = new AbortController();
  const signal = AbortSignal.any([context.signal, askers.signal]);
  const driver = await startWorkload(context, signal);
  try {
    await letLoopWork(context, driver);
  } finally {
    askers.abort();
    await driver?.done.catch(() => {});
  }
}

async function letLoopWork(context: JobContext, driver: Driver | null): Promise<void> {
  const { client, options, output, signal } = context;
  const asked = () => driver?.progress().requests ?? 0;
  const known = await patiently(() => client.actions({ limit: '500' }), signal);
  const earlier = new Set(known.map((action) => action.id));
  const cyclesBefore = (await patiently(() => client.cycles(1), signal))[0]?.number ?? 0;
  const watch = new LoopWatch({
    client,
    earlier,
    cyclesBefore,
    hurry: options.once,
    enoughSeen: () => driver === null || asked() >= requestsBeforeFirstCycle,
    say: output.say,
    signal,
  });
  if (!options.once) await orFailure(requestFirstCycle(context, driver), driver);
  const results = watch.untilResults(options.once ? options.minutes * 60_000 : Number.POSITIVE_INFINITY);
  const ended = await orFailure(results, driver);
  const sources = await patiently(() => readReportSources(client, earlier), signal);
  const run = { ended, requests: asked(), cycles: watch.cyclesBegun, earlier, cyclesBefore };
  await patiently(() => show(context, composeReport(sources, run), cyclesBefore), signal);
  if (options.once) return;
  await closingLines(context);
  const interrupted = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  await Promise.all([driver?.done, interrupted]);
}

/** A workload that is never answered ends the wait for results. */
async function orFailure<T>(results: Promise<T>, driver: Driver | null): Promise<T> {
  results.catch(() => {});
  const failure = driver?.done.then(() => results) ?? results;
  return Promise.race([results, failure]);
}

async function ingest({ store, tenantId, options, output, signal }: JobContext): Promise<void> {
  const roots = options.corpus?.map((dir) => ({ dir })) ?? (await defaultCorpusRoots(repositoryRoot));
  const bar = new IngestBar(output);
  const corpus = options.corpus ? 'given' : 'default';
  const result = await ingestCorpus({ store, tenantId, corpus, roots, onProgress: bar.update, signal });
  bar.end();
  const kept = result.unchanged > 0 ? `, ${result.unchanged} unchanged` : '';
  const left = result.skippedFiles.length > 0 ? `, ${result.skippedFiles.length} left out` : '';
  output.say(
    `corpus: ${result.files} files, ${result.atoms} atoms${kept}${left}, ${result.placed} placed (${result.seconds.toFixed(1)} s)`,
  );
}

async function startWorkload(context: JobContext, signal: AbortSignal): Promise<Driver | null> {
  const { options, output } = context;
  if (options.workload.kind === 'none') {
    output.say('workload: none, serving only');
    return null;
  }
  let workload: Workload;
  if (options.workload.kind === 'recorded') {
    workload = recordedWorkload(options.workload.lines, options.seed);
    output.say(
      `workload: ${workload.distinct} recorded requests from ${options.workload.file}, ${options.clients} clients`,
    );
  } else {
    const queries = await mineWorkload({ store: context.store, tenantId: context.tenantId });
    if (queries.length === 0) {
      throw new HartoError(
        'INPUT_INVALID',
        'the corpus has no symbols or headings to ask for: give --workload FILE or --no-workload',
      );
    }
    workload = minedWorkload(queries, options.seed);
    output.say(
      `workload: ${workload.distinct} distinct queries mined from the corpus, Zipf s = 1, seed ${options.seed}, ${options.clients} clients`,
    );
  }
  const { client } = context;
  const onFailure = (text: string) => output.say(`workload: a request failed: ${text}`);
  return driveWorkload({ client, workload, clients: options.clients, thinkMs, onFailure, signal });
}

async function requestFirstCycle({ client, signal }: JobContext, driver: Driver | null): Promise<void> {
  while (driver && driver.progress().requests < requestsBeforeFirstCycle)
    await sleep(200, undefined, { signal });
  await patiently(() => client.requestCycle('incremental'), signal);
}

async function show({ client, output }: JobContext, report: OnceReport, cyclesBefore: number): Promise<void> {
  const cycles = (await client.cycles(20)).filter((cycle) => cycle.number > cyclesBefore);
  const details = await Promise.all(cycles.map((cycle) => client.cycle(cycle.id)));
  const findings = details.flatMap((cycle) => cycle.observation?.document.findings ?? []);
  const summaries = [
    ...new Set(findings.toSorted((a, b) => b.severity - a.severity).map((row) => row.summary)),
  ];
  output.result(report, () => `\n${reportText(report, summaries.slice(0, 8))}\n`);
}

async function closingLines({ client, output }: JobContext): Promise<void> {
  const link = await client.send<{ path: string }>('POST', '/v1/sign-in-links');
  output.say(
    `console:  ${new URL(link.path, client.baseUrl).href}  (signs in once; another: npx harto console)`,
  );
  output.say('ask:      npx harto search "where are leases renewed"');
  output.say('stop:     Ctrl-C here, or npx harto stop');
}
