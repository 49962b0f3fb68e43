import { setTimeout as sleep } from 'node:timers/promises';
import { HartoError } from '@hartonomous/contracts';
import type { OnceReport, Verdict } from '@hartonomous/contracts';
import type { GatewayClient } from '../gateway-client.js';
import { effectText } from '../gateway-client.js';
import type { ActionShown, CycleDetail } from '../gateway-documents.js';

export interface WatchOptions {
  client: Pick<GatewayClient, 'actions' | 'cycles' | 'cycle' | 'requestCycle'>;
  /** Between two looks, milliseconds. */
  pollMs?: number;
  /** Ids of the actions that stood in the store before this run. */
  earlier: Set<string>;
  /** Number of the newest cycle before this run. */
  cyclesBefore: number;
  /** Ask for the next cycle as soon as one has ended, instead of waiting for its time. */
  hurry: boolean;
  /** True while the workload has asked enough for "nothing to try" to mean something. */
  enoughSeen(): boolean;
  say(line: string): void;
  signal: AbortSignal;
}

const defaultPollMs = 1_000;
/** Between two requests for a cycle, milliseconds. */
const askAgainMs = 5_000;
/** How long the end waits for Learn to close the cycle of the last verdict, milliseconds. */
const learnMs = 5_000;
/** Cycles in a row that must find nothing to try. */
const idleCycles = 2;

const waitingStates = ['AwaitingApproval', 'Gated', 'Rejected', 'Expired'];
const isOpen = (action: ActionShown) =>
  action.type !== 'Placebo' && action.concludedAt === null && !waitingStates.includes(action.state);
/** Verdicts that a measurement reached; a change that could not be applied was not tried. */
const measured: (Verdict | null)[] = ['Kept', 'RevertedHarm', 'RevertedNoBenefit', 'Inconclusive', 'Unkept'];
const counts = (action: ActionShown) =>
  action.type !== 'Placebo' && action.concludedAt !== null && measured.includes(action.verdict);

/** Follows the loop through the gateway, says what happens, and sees when its first results are in. */
export class LoopWatch {
  private readonly lastStates = new Map<string, string>();
  private readonly told = new Set<string>();
  private askedAt = Number.NEGATIVE_INFINITY;
  private idle = 0;
  private verdictsAt: number | null = null;
  /** Cycles of this run that have begun. */
  cyclesBegun = 0;

  constructor(private readonly options: WatchOptions) {}

  /** Ends at two types with a verdict, at nothing worth trying, or when the time is over. */
  async untilResults(limitMs: number): Promise<OnceReport['ended']> {
    const until = performance.now() + limitMs;
    while (performance.now() < until) {
      try {
        const ended = await this.look();
        if (ended) return ended;
      } catch (error) {
        // A gateway or an engine that is being restarted: the next look will tell.
        if (!(error instanceof HartoError && error.retryable)) throw error;
      }
      await sleep(this.options.pollMs ?? defaultPollMs, undefined, { signal: this.options.signal });
    }
    return 'time';
  }

  private async look(): Promise<OnceReport['ended'] | null> {
    const { client } = this.options;
    const actions = await client.actions({ limit: '100' });
    for (const action of actions) this.tell(action);
    const concluded = actions.filter(counts);
    const cycles = (await client.cycles(20)).filter((cycle) => cycle.number > this.options.cyclesBefore);
    this.cyclesBegun = cycles.filter((cycle) => cycle.state !== 'Requested').length;
    for (const cycle of cycles.toReversed()) {
      if (cycle.finishedAt === null || this.told.has(cycle.id)) continue;
      this.told.add(cycle.id);
      this.count(await client.cycle(cycle.id));
    }
    const isNew = concluded.some((action) => !this.options.earlier.has(action.id));
    if (isNew && new Set(concluded.map((action) => action.type)).size >= 2 && this.isLearned(cycles))
      return 'verdicts';
    const open = actions.some(isOpen);
    if (this.idle >= idleCycles && !open) return 'nothing-worth-trying';
    const newest = cycles[0];
    const pausing = newest === undefined || newest.finishedAt !== null || newest.state === 'Requested';
    if (this.options.hurry && pausing && this.options.enoughSeen()) await this.ask();
    return null;
  }

  /** Learn has had its say on what is concluded, or has been given the time for it. */
  private isLearned(cycles: { state: string; finishedAt: unknown }[]): boolean {
    this.verdictsAt ??= performance.now();
    const learning = cycles.some((cycle) => cycle.state !== 'Requested' && cycle.finishedAt === null);
    return !learning || performance.now() - this.verdictsAt > learnMs;
  }

  private count(cycle: CycleDetail): void {
    const chosen = cycle.hypotheses.filter((row) => row.chosen && row.candidate.type !== 'Placebo');
    const findings = cycle.observation?.document.findings.length ?? 0;
    const failed = cycle.state === 'Failed';
    this.idle = chosen.length === 0 && !failed && this.options.enoughSeen() ? this.idle + 1 : 0;
    this.options.say(
      `cycle ${cycle.number} ${failed ? 'failed' : 'learned'}: ${findings} findings, ${cycle.hypotheses.length} candidates, ${chosen.length} tried, ${cycle.rejected.length} rejected`,
    );
  }

  private tell(action: ActionShown): void {
    const before = this.lastStates.get(action.id);
    if (before === action.state) return;
    this.lastStates.set(action.id, action.state);
    if (before === undefined && this.options.earlier.has(action.id)) return;
    const effect = action.effect ? `, effect ${effectText(action.effect)} from ${action.pairs} pairs` : '';
    this.options.say(`${action.type} ${action.target}: ${action.state}${effect}`);
  }

  private async ask(): Promise<void> {
    if (performance.now() - this.askedAt < askAgainMs) return;
    this.askedAt = performance.now();
    await this.options.client.requestCycle('incremental');
  }
}
