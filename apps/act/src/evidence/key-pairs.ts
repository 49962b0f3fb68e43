import { armsOfBlock, type Arm, type KeyPair } from '@hartonomous/loop';
import type { ActionRow, ArmDuration, EvidencePairRow } from '@hartonomous/store';

/** Arm of every paired key in an A/A block (named, treated by nobody) or a measured one. */
export const armsOf = (
  actionId: string,
  kind: 'AA' | 'AB',
  blockNo: number,
  pairs: readonly KeyPair[],
): ReadonlyMap<string, Arm> => armsOfBlock(pairs, `${actionId}|${kind}`, blockNo);

export const treatedKeys = (arms: ReadonlyMap<string, Arm>): string[] =>
  [...arms].filter(([, arm]) => arm === 'treated').map(([key]) => key);

/** A block row from requests on the paired keys; null while either arm has fewer than `blockSize`. */
export function blockRow(
  block: Pick<EvidencePairRow, 'actionId' | 'kind' | 'pairNo' | 'measuredAt'>,
  arms: ReadonlyMap<string, Arm>,
  requests: readonly ArmDuration[],
  blockSize: number,
): EvidencePairRow | null {
  const treated = requests.filter((r) => arms.get(r.inputHash) === 'treated');
  const control = requests.filter((r) => arms.get(r.inputHash) === 'control');
  if (treated.length < blockSize || control.length < blockSize) return null;
  const errors = (rows: ArmDuration[]): number => rows.filter((r) => r.status !== 'ok').length;
  return {
    ...block,
    control: control.map((r) => r.durationMs),
    treated: treated.map((r) => r.durationMs),
    errorsControl: errors(control),
    errorsTreated: errors(treated),
    countControl: control.length,
    countTreated: treated.length,
    order: 'mixed',
  };
}

/** Untreated history cut into A/A blocks, each as short as it can be with `blockSize` requests in both arms. */
export function aaRowsOf(
  action: Pick<ActionRow, 'id'>,
  pairs: readonly KeyPair[],
  history: readonly ArmDuration[],
  limits: { blockSize: number; pairsMax: number },
  measuredAt: Date,
): EvidencePairRow[] {
  const rows: EvidencePairRow[] = [];
  let block: ArmDuration[] = [];
  for (const request of history) {
    if (rows.length >= limits.pairsMax) break;
    block.push(request);
    if (block.length < 2 * limits.blockSize) continue;
    const head = { actionId: action.id, kind: 'AA' as const, pairNo: rows.length, measuredAt };
    const row = blockRow(head, armsOf(action.id, 'AA', rows.length, pairs), block, limits.blockSize);
    if (!row) continue;
    rows.push(row);
    block = [];
  }
  return rows;
}
