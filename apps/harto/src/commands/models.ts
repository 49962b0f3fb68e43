import type { Command } from 'commander';
import type { AliasSpan, ModelRow, WeightSnapshot } from '@hartonomous/store';
import { face, whole } from '../command-face.js';
import { ageOf, cut, table } from '../output.js';

type Shown<T> = {
  [K in keyof T]: T[K] extends Date ? string : T[K] extends Date | null ? string | null : T[K];
};
type AliasShown = Shown<AliasSpan> & { alias: string; model: string | null; previousModel: string | null };
interface Moved {
  alias: string;
  from: { id: string; model: string } | null;
  to: { id: string; model: string };
}

/** Versions of models, the aliases that choose among them, and snapshots of their weights. */
export function addModelCommands(program: Command): void {
  face(
    program.command('models').description('versions of models, and which aliases name them'),
    ['models', 'models --json'],
    async ({ output, gateway }) => {
      const list = await gateway().get<{ items: (ModelRow & { aliases: string[] })[] }>('/v1/models');
      output.result(list, () =>
        table(
          ['version', 'id', 'status', 'aliases'],
          list.items.map((row) => [
            `${row.name}@${row.version}`,
            row.id,
            row.status,
            row.aliases.join(', ') || '-',
          ]),
        ),
      );
    },
  );
  addAliases(program);
  addSnapshots(program);
}

const movedText = ({ alias, from, to }: Moved) => `${alias}: ${from?.model ?? 'nothing'} -> ${to.model}`;

function addAliases(program: Command): void {
  const alias = program
    .command('alias')
    .description('which version a name stands for; the alias default answers');
  face(
    alias.command('list', { isDefault: true }).description('aliases and what they name'),
    ['alias list', 'alias list --json'],
    async ({ output, gateway }) => {
      const list = await gateway().get<{ items: AliasShown[] }>('/v1/aliases');
      output.result(list, () =>
        table(
          ['alias', 'names', 'since', 'before', 'who', 'why'],
          list.items.map((row) => [
            row.alias,
            row.model ?? row.modelId,
            ageOf(row.from),
            row.previousModel ?? '-',
            row.by,
            cut(row.why, 40),
          ]),
        ),
      );
    },
  );
  addAliasMoves(alias);
  face(
    alias
      .command('history')
      .description('what an alias has named, newest first')
      .argument('<alias>', 'the alias')
      .option('--limit <n>', 'how many', whole(1, 500), 20),
    ['alias history default', 'alias history default --limit 5 --json'],
    async ({ output, gateway }, { limit }: { limit: number }, name: string) => {
      const path = `/v1/aliases/${encodeURIComponent(name)}?limit=${limit}`;
      const history = await gateway().get<{ items: Shown<AliasSpan>[] }>(path);
      output.result(history, () =>
        table(
          ['from', 'until', 'version', 'who', 'why'],
          history.items.map((row) => [row.from, row.until ?? 'now', row.modelId, row.by, cut(row.why, 60)]),
        ),
      );
    },
  );
}

function addAliasMoves(alias: Command): void {
  face(
    alias
      .command('set')
      .description('promote: from now on the alias is answered by this version')
      .argument('<alias>', 'for example default or corpus@canary')
      .argument('<model>', 'a version: its id, name@version, or another alias')
      .requiredOption('--reason <text>', 'stands in the audit log'),
    [
      'alias set default native@2 --reason "better on held-out pairs"',
      'alias set corpus@canary native@3 --reason trial',
    ],
    async ({ output, gateway }, { reason }: { reason: string }, name: string, model: string) => {
      const moved = await gateway().send<Moved>('PUT', `/v1/aliases/${encodeURIComponent(name)}`, {
        model,
        why: reason,
      });
      output.result(
        moved,
        () => `${movedText(moved)}\nundo it with: npx harto alias undo ${name} --reason "..."`,
      );
    },
  );
  face(
    alias
      .command('undo')
      .description('back to the version that the alias named before')
      .argument('<alias>', 'the alias')
      .requiredOption('--reason <text>', 'stands in the audit log'),
    ['alias undo default --reason "slower than promised"'],
    async ({ output, gateway }, { reason }: { reason: string }, name: string) => {
      const path = `/v1/aliases/${encodeURIComponent(name)}/undo`;
      const moved = await gateway().send<Moved>('POST', path, { why: reason });
      output.result(moved, () => movedText(moved));
    },
  );
}

type SnapshotShown = Shown<WeightSnapshot>;

const snapshotRow = (row: SnapshotShown): string[] => [
  row.id,
  String(row.baseRows),
  String(row.overlayRows),
  row.hash.slice(0, 16),
  ageOf(row.takenAt),
  row.takenBy,
  cut(row.label, 40),
];
const snapshotTable = (rows: SnapshotShown[]): string =>
  table(['snapshot', 'atoms', 'overlay', 'hash', 'taken', 'by', 'label'], rows.map(snapshotRow), [1, 2]);

function addSnapshots(program: Command): void {
  const snapshot = program.command('snapshot').description('copies of a model’s weights, each with a hash');
  face(
    snapshot
      .command('take', { isDefault: true })
      .description('copy the rows of a version as they are now')
      .argument('<model>', 'a version: its id, name@version, or an alias')
      .option('--label <text>', 'what it is for', 'by hand'),
    ['snapshot default', 'snapshot take native@2 --label "before pruning"'],
    async ({ output, gateway }, { label }: { label: string }, model: string) => {
      const taken = await gateway().send<SnapshotShown>('POST', '/v1/snapshots', { model, label });
      output.result(taken, () => snapshotTable([taken]));
    },
  );
  face(
    snapshot
      .command('list')
      .description('newest first')
      .option('--model <model>', 'only of this version')
      .option('--limit <n>', 'how many', whole(1, 500), 20),
    ['snapshot list', 'snapshot list --model default --json'],
    async ({ output, gateway }, { model, limit }: { model?: string; limit: number }) => {
      const query = new URLSearchParams({ limit: String(limit), ...(model ? { model } : {}) });
      const list = await gateway().get<{ items: SnapshotShown[] }>(`/v1/snapshots?${query}`);
      output.result(list, () => (list.items.length === 0 ? 'no snapshots yet' : snapshotTable(list.items)));
    },
  );
  face(
    snapshot
      .command('verify')
      .description('hash the kept rows again, and those of the model now; exit code 1 when it is damaged')
      .argument('<snapshot>', 'its id'),
    ['snapshot verify 0192f0c4-7d1e-7c3a-9b1d-2f6f0d1c5a77'],
    async ({ output, gateway }, _options, id: string) => {
      const found = await gateway().get<{ whole: boolean; current: boolean }>(
        `/v1/snapshots/${encodeURIComponent(id)}/verification`,
      );
      output.result(found, () =>
        [
          found.whole ? 'whole: its rows are what was taken' : 'DAMAGED: its rows are not what was taken',
          found.current ? 'the model has these very rows now' : 'the model has other rows now',
        ].join('\n'),
      );
      if (!found.whole) process.exitCode = 1;
    },
  );
  face(
    snapshot
      .command('restore')
      .description('put the rows of the model back as they were; refused when the snapshot is damaged')
      .argument('<snapshot>', 'its id')
      .requiredOption('--reason <text>', 'stands in the audit log'),
    ['snapshot restore 0192f0c4-7d1e-7c3a-9b1d-2f6f0d1c5a77 --reason "the pruning went too far"'],
    async ({ output, gateway }, { reason }: { reason: string }, id: string) => {
      const path = `/v1/snapshots/${encodeURIComponent(id)}/restore`;
      const restored = await gateway().send<SnapshotShown>('POST', path, { why: reason });
      output.result(
        restored,
        () => `${restored.baseRows + restored.overlayRows} rows are as they were ${ageOf(restored.takenAt)}`,
      );
    },
  );
}
