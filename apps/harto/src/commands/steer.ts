import { Argument, Option } from 'commander';
import type { Command } from 'commander';
import { actionModes, actionStates, hypothesisTypes } from '@hartonomous/contracts';
import type { ActionMode, HypothesisType } from '@hartonomous/contracts';
import { face, whole } from '../command-face.js';
import { effectText } from '../gateway-client.js';
import type { ActionDetail, ActionShown } from '../gateway-documents.js';
import { ageOf, cut, table } from '../output.js';

/** Commands that tell the loop what to do: cycle, actions, modes, kill and arm. */
export function addSteerCommands(program: Command): void {
  face(
    program
      .command('cycle')
      .description('start a cycle now; an open one is brought forward')
      .option('--full', 'look back 24 h instead of to the last cycle'),
    ['cycle', 'cycle --full --json'],
    async ({ output, gateway }, { full }: { full?: boolean }) => {
      const answer = await gateway().requestCycle(full ? 'full' : 'incremental');
      output.result(answer, () =>
        answer.created
          ? `cycle ${answer.cycle.number} requested (${answer.cycle.id})`
          : `cycle ${answer.cycle.number} is open already (${answer.cycle.state}, ${answer.cycle.id})`,
      );
    },
  );
  addActions(program);
  addModes(program);
  addKillSwitch(program);
}

function addActions(program: Command): void {
  const actions = program.command('actions').description('what the loop tries, and what became of it');
  face(
    actions
      .command('list', { isDefault: true })
      .description('newest first')
      .addOption(new Option('--state <state>', 'only this state').choices(actionStates))
      .addOption(new Option('--type <type>', 'only this type').choices(hypothesisTypes))
      .option('--limit <n>', 'how many', whole(1, 500), 20),
    ['actions list', 'actions list --state AwaitingApproval --json'],
    async ({ output, gateway }, options: { state?: string; type?: string; limit: number }) => {
      const items = await gateway().actions({
        state: options.state,
        type: options.type,
        limit: String(options.limit),
      });
      output.result({ items }, () => actionsText(items));
    },
  );
  face(
    actions
      .command('show')
      .description('one action: plan, evidence, decisions')
      .argument('<action>', 'its id'),
    ['actions show 0192f0c4-7d1e-7c3a-9b1d-2f6f0d1c5a77'],
    async ({ output, gateway }, _options, id: string) => {
      const action = await gateway().action(id);
      output.result(action, () => actionText(action));
    },
  );
  const decisions = [
    ['approve', 'let a waiting action go ahead, as it is shown now', 'approver'],
    ['reject', 'refuse a waiting action', 'approver'],
    ['revert', 'undo an action by its stored inverse', 'admin'],
  ] as const;
  for (const [decision, description, principal] of decisions) {
    const command = face(
      actions.command(decision).description(description).argument('<action>', 'its id'),
      [`actions ${decision} 0192f0c4-7d1e-7c3a-9b1d-2f6f0d1c5a77`],
      async ({ output, gateway }, _options, id: string) => {
        const client = gateway();
        const { planHash } = await client.action(id);
        const answer = await client.send<{ actionId: string; state: string }>(
          'POST',
          `/v1/actions/${encodeURIComponent(id)}/decisions`,
          decision === 'approve' ? { decision, planHash } : { decision },
        );
        output.result(answer, () => `${decision} of ${answer.actionId} accepted (it was ${answer.state})`);
      },
    );
    command.setOptionValueWithSource('as', principal, 'default');
  }
}

function addModes(program: Command): void {
  const modes = program.command('modes').description('how far the loop may go by itself, for each type');
  face(
    modes.command('list', { isDefault: true }).description('every type with its mode'),
    ['modes list', 'modes list --json'],
    async ({ output, gateway }) => {
      const items = await gateway().modes();
      output.result({ items }, () =>
        table(
          ['type', 'class', 'mode', ''],
          items.map((row) => [row.type, row.actionClass ?? '-', row.mode, row.unavailable ?? '']),
        ),
      );
    },
  );
  face(
    modes
      .command('set')
      .description('set the mode of one type')
      .addArgument(new Argument('<type>', 'hypothesis type').choices(hypothesisTypes))
      .addArgument(new Argument('<mode>', 'new mode').choices(actionModes)),
    ['modes set IndexOptimization Approve', 'modes set CacheWarming Off --json'],
    async ({ output, gateway }, _options, type: HypothesisType, mode: ActionMode) => {
      const answer = await gateway().send('PUT', `/v1/modes/${type}`, { mode });
      output.result(answer, () => `${type} is now ${mode}`);
    },
  );
}

function addKillSwitch(program: Command): void {
  for (const [name, on, description] of [
    ['kill', true, 'stop every change at once; serving and logs go on'],
    ['arm', false, 'let the loop change things again'],
  ] as const) {
    face(
      program
        .command(name)
        .description(description)
        .requiredOption('--reason <text>', 'stands in the audit log'),
      [`${name} --reason "${on ? 'migration under way' : 'migration is done'}"`],
      async ({ output, gateway }, { reason }: { reason: string }) => {
        const state = await gateway().send<{ on: boolean }>('PUT', '/v1/kill-switch', { on, reason });
        output.result(state, () =>
          state.on ? 'the kill switch is on: nothing changes any more' : 'the loop is armed',
        );
      },
    );
  }
}

function actionsText(items: ActionShown[]): string {
  if (items.length === 0) return 'no actions';
  const rows = items.map((row) => [
    row.id,
    row.type,
    cut(row.target, 48),
    row.state,
    String(row.pairs),
    effectText(row.effect),
    ageOf(row.createdAt),
  ]);
  return table(['id', 'type', 'target', 'state', 'pairs', 'effect', 'proposed'], rows, [4]);
}

function actionText(action: ActionDetail): string {
  const steps = action.transitions.map((row) => [
    row.at,
    `${row.fromState} -> ${row.toState}`,
    row.by,
    row.reason,
  ]);
  const count = (kind: string) => action.evidence.filter((row) => row.kind === kind).length;
  return [
    `${action.type} ${action.target}`,
    `state     ${action.state} (class ${action.actionClass}, ${action.design})`,
    `why       ${action.reason}`,
    `effect    ${effectText(action.effect)} from ${action.pairs} pairs; ${count('AA')} A/A and ${count('AB')} A/B pairs kept`,
    `inverse   ${action.inverse ? JSON.stringify(action.inverse) : 'not stored yet'}`,
    `plan      ${action.planHash}`,
    `trace     ${action.traceId ?? '-'}`,
    '',
    table(['when', 'step', 'by', 'why'], steps),
  ].join('\n');
}
