import { sweepCases } from '../../../contract/sweep-cases.js';
import type { SweepIds } from '../../../contract/sweep-ids.js';
import { openMssqlStore } from '../mssql-store.js';
import { statementHash, type Sent } from './sent.js';
import { Recorder, type Answer } from './silent-server.js';
import { systemCases } from './system-cases.js';

export interface Method {
  /** Round trips of the call, without begin, tenant and commit, when a row is found. */
  trips: number;
  /** Distinct requests: first characters of the statement's hash, and its typed parameters. */
  sends: string[];
}

/** Everything that the adapter sends, by method of the port. */
export interface Recording {
  methods: Record<string, Method>;
  /** Hash -> statement. */
  statements: Record<string, string>;
}

const hashCharacters = 16;
/** Where the journal of looks across tenants is recorded: it is written by time, beside whatever is called then. */
const closing = 'close';
const isJournal = ({ text }: Sent): boolean => text.includes('system_access');
export const recordedTenant = '00000000-0000-4000-8000-00000000000a';

export const recordedStore = { url: 'mssql://app:none@nowhere.invalid/store', poolSize: 1 };

const sameIds = new Proxy({} as SweepIds, {
  get: (_, name) => (name === 'inputHash' ? 'd'.repeat(64) : '00000000-0000-4000-8000-00000000000b'),
});

/** Every method of the port on the SQL Server adapter, with a client that keeps what it should send. */
export async function recordStatements(): Promise<Recording> {
  const recorder = new Recorder();
  const store = await openMssqlStore(recordedStore, recorder.driver());
  await store.withSystem('recording', (tx) => tx.now());
  recorder.taken();
  const recording: Recording = { methods: {}, statements: {} };
  for (const [name, call] of Object.entries(sweepCases)) {
    await record(recording, recorder, name, () =>
      store.withTenant(recordedTenant, (tx) => call(tx, sameIds)),
    );
  }
  for (const [name, call] of Object.entries(systemCases)) {
    await record(recording, recorder, `system: ${name}`, () => store.withSystem('recording', call));
  }
  recorder.answer = 'one';
  await store.withSystem('recording', (tx) => tx.now());
  recorder.taken();
  await store.close();
  keep(recording, closing, recorder.taken());
  return recording;
}

async function record(
  recording: Recording,
  recorder: Recorder,
  name: string,
  call: () => Promise<unknown>,
): Promise<void> {
  for (const answer of ['none', 'one'] as Answer[]) {
    recorder.answer = answer;
    // What is asked is the question here; what a method makes of an answer is the contract suite's.
    await call().catch(() => undefined);
    keep(recording, name, recorder.taken());
  }
}

/** First thing in a transaction and last before its end. */
const isContext = ({ text }: Sent): boolean =>
  text.endsWith(`exec sp_set_session_context @key = N'tenant', @value = @tenant;`);

function keep(recording: Recording, name: string, sent: Sent[]): void {
  const method = (recording.methods[name] ??= { trips: 0, sends: [] });
  const requests = sent
    .filter((s) => !['begin', 'commit', 'rollback'].includes(s.kind))
    .filter((s) => name === closing || !isJournal(s));
  method.trips = requests.filter((s) => !isContext(s)).length;
  for (const { kind, text, parameters } of requests) {
    const hash = statementHash(text).slice(0, hashCharacters);
    if (kind !== 'bulk') recording.statements[hash] = text;
    const line = `${kind === 'bulk' ? text : hash} (${parameters.join(', ')})`;
    if (!method.sends.includes(line)) method.sends.push(line);
  }
}
