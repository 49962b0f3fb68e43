import { cpus, totalmem } from 'node:os';
import { mkdtempSync, chmodSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HartoError } from '@hartonomous/contracts';
import { startCluster } from '@hartonomous/embedded';
import { repositoryRoot } from '../config.js';
import { reportError, table } from '../output.js';
import { toRow } from './bench-row.js';
import type { BenchRow } from './bench-row.js';
import { findBenches } from './benches.js';
import type { Bench } from './benches.js';

const gibibyte = 2 ** 30;

function machine(): Record<string, string | number> {
  const [first] = cpus();
  return {
    platform: `${process.platform}-${process.arch}`,
    cpu: first?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / gibibyte),
  };
}

function versions(): Record<string, string> {
  return { hartonomous: '0.1.0', node: process.versions.node, v8: process.versions.v8 };
}

/** One cluster for all benches that need it, durable as in production. */
async function withPostgres<T>(log: (line: string) => void, work: () => Promise<T>): Promise<T> {
  const home = mkdtempSync(join(tmpdir(), 'harto-bench-'));
  chmodSync(home, 0o755);
  log('starting a temporary PostgreSQL ...');
  try {
    const cluster = await startCluster({ home, log: () => {} });
    process.env.HARTO_TEST_PG = cluster.url;
    try {
      return await work();
    } finally {
      await cluster.stop();
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function runBenches(benches: Bench[], log: (line: string) => void): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const bench of benches) {
    const began = performance.now();
    log(`${bench.name} ...`);
    const module = await bench.load();
    const run = () => module.runBench({ log });
    const results = await (module.needsPostgres ? withPostgres(log, run) : run());
    rows.push(...results.map((result) => toRow(bench.name, result)));
    log(`${bench.name}: ${results.length} cases in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  }
  return rows;
}

const number = (value: number | null) => (value === null ? '-' : Number(value.toPrecision(4)).toString());

function rowsText(rows: BenchRow[]): string {
  const cells = rows.map((row) => [
    row.bench,
    row.case,
    number(row.ours),
    row.unit,
    row.peer ?? '-',
    number(row.peerValue),
    number(row.ratio),
    row.target ?? '-',
    row.holds === null ? '' : row.holds ? 'holds' : 'MISSED',
    row.skipped ? `skipped: ${row.skipped}` : '',
  ]);
  return table(
    ['bench', 'case', 'ours', 'unit', 'peer', 'value', 'ratio', 'target', '', ''],
    cells,
    [2, 5, 6],
  );
}

function choose(all: Bench[], names: string[]): Bench[] {
  const known = all.map((bench) => bench.name).join(', ');
  if (names.length === 0)
    throw new HartoError('USAGE_WRONG', `name a bench: npm run bench -- NAME... [--json]; known: ${known}`);
  return names.map((name) => {
    const bench = all.find((candidate) => candidate.name === name);
    if (!bench) throw new HartoError('USAGE_WRONG', `no bench is called ${name}; known: ${known}`);
    return bench;
  });
}

const args = process.argv.slice(2);
const json = args.includes('--json');
try {
  const flags = args.filter((text) => text.startsWith('-') && text !== '--json');
  if (flags.length > 0)
    throw new HartoError('USAGE_WRONG', `unknown option ${flags[0]}; the only one is --json`);
  const all = findBenches(repositoryRoot);
  const chosen = choose(
    all,
    args.filter((text) => !text.startsWith('-')),
  );
  const rows = await runBenches(chosen, (line) => void process.stderr.write(`${line}\n`));
  const document = { date: new Date().toISOString(), machine: machine(), versions: versions(), rows };
  process.stdout.write(`${json ? JSON.stringify(document, null, 2) : rowsText(rows)}\n`);
  if (rows.some((row) => row.holds === false)) process.stderr.write('some targets are missed\n');
} catch (error) {
  process.exitCode = reportError(error, json);
}
