import { mkdirSync, openSync, closeSync } from 'node:fs';
import { join } from 'node:path';

export type FaultAction = 'kill' | 'throw' | 'hang' | 'block';

export interface Fault {
  point: string;
  action: FaultAction;
  /** Only for `block`: how long the event loop stands still, ms. */
  blockMs: number;
  /** Fires on this hit of the point, once. */
  hit: number;
}

export class FaultInjected extends Error {
  readonly code = 'INTERNAL';
  readonly retryable = true;

  constructor(readonly point: string) {
    super(`fault injected at ${point}`);
    this.name = 'FaultInjected';
  }
}

interface Armed {
  faults: Fault[];
  hits: Map<string, number>;
  markers: string | null;
}

const blockMsMax = 600_000;
const pattern = /^([a-z][a-z0-9.-]{0,63})=(kill|throw|hang|block)(?::(\d{1,6}))?(?:@(\d{1,6}))?$/;

let armed: Armed | null = null;

/**
 * Reads `point=action[:ms][@hit]`, comma-separated, e.g. `act.after-commit=kill@1,learn.in-tx=block:8000@2`.
 * @throws TypeError naming the part that does not parse.
 */
export function parseFaults(spec: string): Fault[] {
  const parts = spec.split(',').map((part) => part.trim());
  return parts
    .filter((part) => part !== '')
    .map((part) => {
      const found = pattern.exec(part);
      const blockMs = Number(found?.[3] ?? 0);
      const hit = Number(found?.[4] ?? 1);
      const wantsMs = found?.[2] === 'block';
      if (!found || hit < 1 || wantsMs !== blockMs > 0 || blockMs > blockMsMax) {
        throw new TypeError(`fault "${part}" is not point=kill|throw|hang|block:ms, with an optional @hit`);
      }
      return { point: found[1] as string, action: found[2] as FaultAction, blockMs, hit };
    });
}

/**
 * Arms the points of this process; an empty spec disarms.
 * @param markers folder shared by restarts: a fault that has fired leaves a file there and never fires again.
 */
export function armFaults(spec: string | readonly Fault[], markers: string | null = null): void {
  const faults = typeof spec === 'string' ? parseFaults(spec) : [...spec];
  if (markers && faults.length > 0) mkdirSync(markers, { recursive: true });
  armed = faults.length === 0 ? null : { faults, hits: new Map(), markers };
}

/** A named place where a test may stop the process. Unarmed it is one comparison and returns nothing to await. */
export function faultPoint(name: string): void | Promise<void> {
  if (armed === null) return;
  return reach(armed, name);
}

function reach(state: Armed, name: string): void | Promise<void> {
  const hit = (state.hits.get(name) ?? 0) + 1;
  state.hits.set(name, hit);
  const fault = state.faults.find((each) => each.point === name && each.hit === hit);
  if (fault && claim(state, fault)) return strike(fault);
}

/** True for the one process, over all restarts, that may fire the fault. */
function claim(state: Armed, fault: Fault): boolean {
  if (!state.markers) return true;
  try {
    closeSync(openSync(join(state.markers, `${fault.point}@${fault.hit}.${fault.action}`), 'wx'));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function strike(fault: Fault): void | Promise<void> {
  switch (fault.action) {
    case 'kill':
      process.kill(process.pid, 'SIGKILL');
      // The signal is delivered asynchronously: nothing after this point may still run.
      return block(blockMsMax);
    case 'throw':
      throw new FaultInjected(fault.point);
    case 'hang':
      return new Promise(() => {});
    case 'block':
      return block(fault.blockMs);
  }
}

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
