import { newId } from '@hartonomous/contracts';
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { face, whole } from '../command-face.js';
import type { ShownComputation } from './computation-documents.js';
import { computationText } from './computation-text.js';
import { parseWhole } from './parse-arguments.js';
import { markOutcome, watchComputation } from './watch-computation.js';

interface SubmitOptions {
  lo?: number;
  hi?: number;
  method?: string;
  param?: Record<string, unknown>;
  key?: string;
  priority: number;
  chunk?: number;
  target?: number;
  verify?: number;
  wait?: boolean;
  watch?: boolean;
}

/** `name=value` of a type's parameters: numbers and true/false are taken as such. */
function addParam(text: string, before: Record<string, unknown> = {}): Record<string, unknown> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Expected name=value.');
  const value = text.slice(at + 1);
  const plain = value !== '' && Number.isFinite(Number(value)) ? Number(value) : value;
  return { ...before, [text.slice(0, at)]: value === 'true' || value === 'false' ? value === 'true' : plain };
}

const share = (text: string): number => {
  const value = Number(text);
  if (!(value >= 0.01 && value <= 1)) throw new InvalidArgumentError('Expected a share from 0.01 to 1.');
  return value;
};

function bodyOf(type: string, options: SubmitOptions): Record<string, unknown> {
  const { lo, hi, method, param, chunk, target, verify } = options;
  const given = Object.entries({ lo, hi, method }).filter(([, value]) => value !== undefined);
  return {
    type,
    params: { ...param, ...Object.fromEntries(given) },
    idempotencyKey: options.key ?? newId(),
    priority: options.priority,
    ...(chunk !== undefined ? { chunk: { mode: 'fixed', size: chunk } } : {}),
    ...(target !== undefined ? { chunk: { mode: 'time', targetMs: 1000 * target } } : {}),
    ...(verify ? { verifyShare: verify } : {}),
  };
}

export function addSubmit(compute: Command): void {
  const command = compute
    .command('submit')
    .description('submit a long computation')
    .argument('<type>', 'prime.count, prime.list, kmeans, dbscan, ...: see harto compute types')
    .option('--lo <number>', 'first number of the range (1e9, 2^40)', parseWhole)
    .option('--hi <number>', 'last number of the range', parseWhole)
    .option('--method <name>', 'sieve or legendre')
    .option('--param <name=value>', 'any other parameter; may be repeated', addParam)
    .option('--key <text>', 'idempotency key: the same key is stored once')
    .option('--priority <n>', '-10 to 10, within the tenant', (text) => whole(-10, 10)(text), 0)
    .addOption(
      new Option('--chunk <numbers>', 'numbers a chunk, instead of a duration (the classic size is 10000)')
        .argParser(parseWhole)
        .conflicts('target'),
    )
    .addOption(new Option('--target <seconds>', 'duration of a chunk, 2 to 10').argParser(whole(2, 10)))
    .option('--verify <share>', 'share of chunks that are computed twice, 0.01 to 1', share)
    .option('--wait', 'return when it has ended; an interrupt leaves it running')
    .option('--watch', 'follow it with a live bar until it has ended');
  const examples = [
    'compute submit prime.count --lo 1 --hi 1e9 --wait --json',
    'compute submit prime.count --hi 1e11 --method legendre --wait',
    'compute submit kmeans --param k=8 --watch',
  ];
  face(command, examples, async ({ output, gateway }, options: SubmitOptions, type: string) => {
    const client = gateway();
    const answer = await client.send<{ created: boolean; computation: ShownComputation }>(
      'POST',
      '/v1/computations',
      bodyOf(type, options),
    );
    if (!options.wait && !options.watch) {
      const { id } = answer.computation;
      const text = answer.created ? `submitted: harto compute watch ${id}` : `known already: ${id}`;
      return output.result(answer, () => text);
    }
    const { id } = answer.computation;
    process.stderr.write(`${answer.created ? 'submitted' : 'known already'}: ${id}\n`);
    const shown = await watchComputation(client, id);
    output.result(shown, () => computationText(shown));
    markOutcome(shown);
  });
}
