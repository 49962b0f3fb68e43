import type { ActionRow, ArmDuration, EvidencePairRow } from '@hartonomous/store';
import { drawsOf } from './seeded.js';

/** Neighbours in use make a pair: [[most used, second], [third, fourth], ...]. An odd key is left out. */
export function pairKeys(keysByUse: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < keysByUse.length; i += 2) pairs.push([keysByUse[i]!, keysByUse[i + 1]!]);
  return pairs;
}

/** The treated key of each pair, drawn anew for every block: a fixed split would confound arm and key. */
export function drawTreated(actionId: string, block: string, pairs: readonly [string, string][]): string[] {
  const draw = drawsOf(`${actionId}:treated:${block}`);
  return pairs.map(([a, b]) => (draw() < 0.5 ? a : b));
}

/** A block row from requests on the pairs' keys; null while either arm has fewer than `blockSize`. */
export function blockRow(
  action: Pick<ActionRow, 'id'>,
  kind: 'AA' | 'AB',
  pairNo: number,
  treatedKeys: readonly string[],
  pairs: readonly [string, string][],
  requests: readonly ArmDuration[],
  blockSize: number,
  measuredAt: Date,
): EvidencePairRow | null {
  const treatedSet = new Set(treatedKeys);
  const known = new Set(pairs.flat());
  const arms = { treated: [] as ArmDuration[], control: [] as ArmDuration[] };
  for (const request of requests) {
    if (!known.has(request.inputHash)) continue;
    arms[treatedSet.has(request.inputHash) ? 'treated' : 'control'].push(request);
  }
  if (arms.treated.length < blockSize || arms.control.length < blockSize) return null;
  const errors = (rows: ArmDuration[]): number => rows.filter((r) => r.status !== 'ok').length;
  return {
    actionId: action.id,
    pairNo,
    kind,
    control: arms.control.map((r) => r.durationMs),
    treated: arms.treated.map((r) => r.durationMs),
    errorsControl: errors(arms.control),
    errorsTreated: errors(arms.treated),
    countControl: arms.control.length,
    countTreated: arms.treated.length,
    order: 'mixed',
    measuredAt,
  };
}

/** Untreated history cut into A/A blocks: each as short as it can be with `blockSize` requests in both arms. */
export function aaRowsOf(
  action: Pick<ActionRow, 'id'>,
  pairs: readonly [string, string][],
  history: readonly ArmDuration[],
  blockSize: number,
  pairsMax: number,
  measuredAt: Date,
): EvidencePairRow[] {
  const rows: EvidencePairRow[] = [];
  let block: ArmDuration[] = [];
  for (const request of history) {
    if (rows.length >= pairsMax) break;
    block.push(request);
    if (block.length < 2 * blockSize) continue;
    const treated = drawTreated(action.id, `AA${rows.length}`, pairs);
    const row = blockRow(action, 'AA', rows.length, treated, pairs, block, blockSize, measuredAt);
    if (!row) continue;
    rows.push(row);
    block = [];
  }
  return rows;
}
