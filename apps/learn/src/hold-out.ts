import { isHeldOut } from '@hartonomous/loop';
import type { CycleRow, KeyUse, TenantTransaction } from '@hartonomous/store';
import { measureGlobal } from './global-benefit.js';

const keysMax = 2_000;
/** Fewer keys a side say nothing. */
const keysMin = 5;
const lookBackMs = 24 * 3_600_000;
/** 97.5 % point of the normal distribution. */
const z = 1.96;

export interface HoldOutBenefit {
  /** Mean latency of all other keys over that of the held-out ones: below 1 is faster. */
  ratio: number;
  low: number;
  high: number;
  keys: number;
  heldOutKeys: number;
}

/** Held-out keys never get key-splittable actions: what the others gained over them, key by key. */
export function holdOutBenefit(keys: readonly KeyUse[], tenantId: string): HoldOutBenefit | null {
  const lnOf = (held: boolean): number[] =>
    keys
      .filter((k) => isHeldOut(tenantId, k.inputHash) === held)
      .map((k) => Math.log(Math.max(0.05, k.meanMs)));
  const [held, others] = [moments(lnOf(true)), moments(lnOf(false))];
  if (held.n < keysMin || others.n < keysMin) return null;
  const difference = others.mean - held.mean;
  const half = z * Math.sqrt(held.variance / held.n + others.variance / others.n);
  return {
    ratio: Math.exp(difference),
    low: Math.exp(difference - half),
    high: Math.exp(difference + half),
    keys: others.n,
    heldOutKeys: held.n,
  };
}

function moments(values: readonly number[]): { n: number; mean: number; variance: number } {
  const n = values.length;
  const mean = values.reduce((a, b) => a + b, 0) / Math.max(1, n);
  const squares = values.reduce((sum, v) => sum + (v - mean) ** 2, 0);
  return { n, mean, variance: squares / Math.max(1, n - 1) };
}

/** Both differences, a metric row each a cycle: what can be held out of keys by them, and the rest by its replays. */
export async function measureHoldOut(tx: TenantTransaction, cycle: CycleRow): Promise<void> {
  await measureKeys(tx, cycle);
  await measureGlobal(tx, cycle.id);
}

/** None while a side has too few keys. */
async function measureKeys(tx: TenantTransaction, cycle: CycleRow): Promise<void> {
  const to = await tx.now();
  const keys = await tx.workload.topKeys(new Date(to.getTime() - lookBackMs), to, keysMax);
  const benefit = holdOutBenefit(keys, tx.tenantId);
  if (!benefit) return;
  const { ratio, low, high } = benefit;
  const label = `key-splittable actions: ${benefit.keys} keys against ${benefit.heldOutKeys} held out`;
  await tx.analysis.addMetrics([
    { cycleId: cycle.id, name: 'hold-out.ratio', label, value: ratio, low, high },
  ]);
}
