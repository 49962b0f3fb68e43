import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { connect } from './connection.js';
import type { GatewayClient } from './gateway-client.js';
import { createOutput } from './output.js';
import type { Output } from './output.js';

export interface Call {
  output: Output;
  /** Opened at first use: a command that only reads files needs no gateway. */
  gateway(): GatewayClient;
}

/** What every command has in common: `--json`, examples in its help, and a call handed to its work. */
export function face<A extends unknown[], O extends object>(
  command: Command,
  examples: string[],
  work: (call: Call, options: O, ...args: A) => Promise<void>,
): Command {
  return command
    .option('--json', 'print one JSON document')
    .addOption(new Option('--as <principal>', 'whose key of .hartonomous/keys to use').default('admin'))
    .addHelpText('after', `\nExamples:\n${examples.map((line) => `  $ npx harto ${line}`).join('\n')}`)
    .action(async (...given: unknown[]) => {
      const args = given.slice(0, -2) as A;
      const options = given.at(-2) as O & { json?: boolean; as: string };
      await work(
        { output: createOutput(options.json === true), gateway: () => connect(options.as) },
        options,
        ...args,
      );
    });
}

/** Parser of a whole number within bounds, for options. */
export const whole =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
    }
    return value;
  };
