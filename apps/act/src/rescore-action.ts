import type { Envelope } from '@hartonomous/contracts';
import type { ActionRow, EvidencePairRow } from '@hartonomous/store';
import type { ActDeps } from './act-deps.js';
import { publishConcluded, publishNextBlock } from './action-step.js';
import { assessRows } from './assess-rows.js';
import type { Executor } from './executors/executor.js';

type BlockDue = Envelope<'loop.evidence.block.due'>;

/** Pairs of the n-th re-scoring are numbered from n times this, so that the verdict's own pairs stay as they are. */
const roundBase = 1_000;
/** Messages of one round: a re-scoring that cannot be decided with so many is not decided. */
const blocksMax = 90;

/** Measures a kept action anew, against the A/A pairs of its verdict; Learn reads the rows and decides. */
export async function rescoreAction(
  deps: ActDeps,
  message: BlockDue,
  action: ActionRow,
  executor: Executor,
): Promise<void> {
  const { blockNo } = message.refs;
  const base = Math.floor(blockNo / roundBase) * roundBase;
  if (base === 0) return void (await deps.once(message, async () => undefined));
  const all = await deps.store.withTenant(message.tenantId, (tx) => tx.actions.evidence(action.id));
  const known = rowsOfRound(all, base);
  const found = executor.remeasurable(action)
    ? await executor.collect(deps, message.tenantId, action, blockNo, known)
    : ({ kind: 'unavailable', reason: 'cannot be measured once it is kept' } as const);
  const rows = found.kind === 'pairs' ? found.rows.filter((r) => r.kind === 'AB') : [];
  await deps.once(message, async (tx) => {
    await tx.actions.addEvidence(rows.map((r) => ({ ...r, pairNo: r.pairNo + base })));
    // What waits now is not the doing of a change of days ago: the lanes are watched until it is verified.
    const context = { emptyBlocks: 0, queueAgeMs: null };
    const decided = assessRows(deps, action, [...known, ...rows], context).decision !== 'continue';
    const over = found.kind === 'unavailable' || found.kind === 'no-data' || blockNo - base >= blocksMax;
    if (decided || over) return publishConcluded(tx, message, action);
    const inMs = found.nextInMs;
    await publishNextBlock(tx, message, action, blockNo + 1, inMs);
  });
}

/** The A/A pairs, and the A/B pairs of the round, numbered from 0. */
function rowsOfRound(rows: readonly EvidencePairRow[], base: number): EvidencePairRow[] {
  return rows
    .filter((r) => r.kind === 'AA' || (r.pairNo >= base && r.pairNo < base + roundBase))
    .map((r) => (r.kind === 'AA' ? r : { ...r, pairNo: r.pairNo - base }));
}
