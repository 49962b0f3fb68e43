import { computationStates, type ComputationState } from '@hartonomous/contracts';
import { Option } from 'commander';
import type { Command } from 'commander';
import { face, whole, type Call } from '../command-face.js';
import { table } from '../output.js';
import type { ShownComputation } from './computation-documents.js';
import { computationText, listText } from './computation-text.js';
import { parseId, parseWhole } from './parse-arguments.js';
import { addSubmit } from './submit-command.js';
import { markOutcome, watchComputation } from './watch-computation.js';

const sample = '0192f0c4-7d1e-7c3a-9b1d-2f6f0d1c5a77';

interface Filter {
  state?: ComputationState;
  type?: string;
  text?: string;
}

const withFilter = (command: Command): Command =>
  command
    .addOption(new Option('--state <state>', 'only this state').choices(computationStates))
    .option('--type <type>', 'only this type')
    .option('--text <text>', 'only what has this in its type, parameters or id');

const filterOf = ({ state, type, text }: Filter): Filter => ({
  ...(state ? { state } : {}),
  ...(type ? { type } : {}),
  ...(text ? { text } : {}),
});

/** `harto compute ...`: long computations through the loop's fast lane. */
export function addComputeCommands(program: Command): void {
  const compute = program.command('compute').description('long computations: submit, follow, steer');
  addSubmit(compute);
  addLooks(compute);
  addVerbs(compute);
  addRerun(compute);
}

function addLooks(compute: Command): void {
  face(
    withFilter(compute.command('list').description('newest first')).option(
      '--limit <n>',
      'how many',
      whole(1, 500),
      20,
    ),
    ['compute list', 'compute list --state Running --json'],
    async ({ output, gateway }, options: Filter & { limit: number }) => {
      const query = new URLSearchParams({ ...filterOf(options), limit: String(options.limit) });
      const answer = await gateway().get<{ items: ShownComputation[]; total: number }>(
        `/v1/computations?${query}`,
      );
      output.result(answer, () => listText(answer.items, answer.total));
    },
  );
  face(
    compute.command('show').description('one computation').argument('<id>', 'its id', parseId),
    [`compute show ${sample}`],
    async ({ output, gateway }, _options, id: string) => {
      const shown = await gateway().get<ShownComputation>(`/v1/computations/${encodeURIComponent(id)}`);
      output.result(shown, () => computationText(shown));
    },
  );
  face(
    compute.command('watch').description('follow it with a live bar').argument('<id>', 'its id', parseId),
    [`compute watch ${sample}`],
    async ({ output, gateway }, _options, id: string) => {
      const shown = await watchComputation(gateway(), id);
      output.result(shown, () => computationText(shown));
      markOutcome(shown);
    },
  );
  face(
    compute.command('types').description('what can be computed, with the parameters'),
    ['compute types --json'],
    async ({ output, gateway }) => {
      const answer = await gateway().get<{ items: { name: string; version: number; summary: string }[] }>(
        '/v1/computation-types',
      );
      const rows = answer.items.map((type) => [type.name, String(type.version), type.summary]);
      output.result(answer, () => table(['type', 'version', 'computes'], rows));
    },
  );
}

type VerbOptions = Filter & { all?: boolean; yes?: boolean };
type BulkVerb = 'pause' | 'resume' | 'cancel' | 'retry';

function addVerbs(compute: Command): void {
  const verbs: [BulkVerb, string][] = [
    ['pause', 'stop after what is under way was given back; nothing finished is lost'],
    ['resume', 'go on'],
    ['cancel', 'stop for good'],
    ['retry', 'run the chunks again that failed three times'],
  ];
  for (const [verb, description] of verbs) {
    const command = withFilter(
      compute.command(verb).description(description).argument('[id]', 'its id', parseId),
    )
      .option('--all', 'everything that the filter finds; without --yes only counted')
      .option('--yes', 'do it');
    face(
      command,
      [`compute ${verb} ${sample}`, `compute ${verb} --all --type prime.count --yes`],
      (call, options: VerbOptions, id?: string) =>
        options.all ? bulk(call, verb, options) : single(call, verb, id),
    );
  }
}

async function single({ output, gateway }: Call, verb: string, id: string | undefined): Promise<void> {
  if (!id) {
    output.say('name a computation, or --all with a filter');
    process.exitCode = 2;
    return;
  }
  const shown = await send(gateway(), id, { verb });
  output.result(shown, () => `${id} is ${shown.state}`);
}

async function bulk({ output, gateway }: Call, verb: BulkVerb, options: VerbOptions): Promise<void> {
  const body = { verb, filter: filterOf(options), preview: options.yes !== true };
  const answer = await gateway().send<{ count: number; matched: number; preview: boolean }>(
    'POST',
    '/v1/computation-commands',
    body,
  );
  output.result(answer, () =>
    answer.preview
      ? `${verb} would touch ${answer.count} of ${answer.matched}; add --yes to do it`
      : `${verb}: ${answer.count} of ${answer.matched}`,
  );
}

const send = (gateway: ReturnType<Call['gateway']>, id: string, body: unknown) =>
  gateway.send<ShownComputation>('POST', `/v1/computations/${encodeURIComponent(id)}/commands`, body);

function addRerun(compute: Command): void {
  face(
    compute
      .command('rerun')
      .description('compute a range again')
      .argument('<id>', 'its id', parseId)
      .option('--lo <number>', 'first number; default: all', parseWhole)
      .option('--hi <number>', 'last number', parseWhole),
    [`compute rerun ${sample} --lo 1 --hi 1e6`],
    async ({ output, gateway }, { lo, hi }: { lo?: number; hi?: number }, id: string) => {
      const shown = await send(gateway(), id, { verb: 'rerun', lo, hi });
      output.result(shown, () => `${id} is ${shown.state}`);
    },
  );
}
