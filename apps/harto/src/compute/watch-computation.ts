import { SingleBar } from 'cli-progress';
import { codeOf } from '@hartonomous/contracts';
import type { GatewayClient } from '../gateway-client.js';
import type { ShownComputation } from './computation-documents.js';

const lookMs = 500;
const lineMs = 10_000;
/** A gateway that is started again is waited for. */
const patienceMs = 60_000;
/** As shells report a command that SIGINT ended. */
const interruptedExit = 130;
const ended = new Set(['Completed', 'CompletedWithGaps', 'Cancelled', 'Failed', 'Paused']);

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });

export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 90) return `${seconds} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** Rate and the time that is left with its 10-90 % band. */
export function paceText({ rate, eta, state }: ShownComputation): string {
  const speed = rate === null ? 'measuring' : `${compact.format(rate)}/s`;
  if (!eta) return `${speed}, ${state}`;
  return `${speed}, ${duration(eta.ms)} left (${duration(eta.lowMs)} to ${duration(eta.highMs)})`;
}

function chunksText({ chunks }: ShownComputation): string {
  const more = [
    chunks.leased > 0 ? `${chunks.leased} under way` : '',
    chunks.parked > 0 ? `${chunks.parked} FAILED` : '',
  ].filter(Boolean);
  return [`${chunks.done} chunks`, ...more].join(', ');
}

/** The computation as it stands; a gateway that does not answer is asked again for a while. */
async function lookAt(gateway: GatewayClient, id: string): Promise<ShownComputation> {
  const began = performance.now();
  for (;;) {
    try {
      return await gateway.get<ShownComputation>(`/v1/computations/${encodeURIComponent(id)}`);
    } catch (error) {
      if (codeOf(error) !== 'GATEWAY_UNREACHABLE' || performance.now() - began > patienceMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
  }
}

/** Follows a computation to its end (or its pause) with a live bar on a terminal, or a line now and then. */
export async function watchComputation(gateway: GatewayClient, id: string): Promise<ShownComputation> {
  const bar = process.stderr.isTTY
    ? new SingleBar({
        format: '{bar} {percentage}%  {pace}  {chunks}',
        stream: process.stderr,
        hideCursor: true,
      })
    : null;
  let shown = await gateway.get<ShownComputation>(`/v1/computations/${encodeURIComponent(id)}`);
  let saidMs = -Infinity;
  const leave = () => {
    bar?.stop();
    process.stderr.write(`it goes on without you: harto compute watch ${id} (or cancel ${id})\n`);
    process.exit(interruptedExit);
  };
  process.once('SIGINT', leave);
  bar?.start(1000, 0, { pace: '', chunks: '' });
  try {
    for (; ; shown = await lookAt(gateway, id)) {
      const facts = { pace: paceText(shown), chunks: chunksText(shown) };
      bar?.update(Math.floor(shown.progress * 1000), facts);
      const over = ended.has(shown.state);
      if (!bar && (over || performance.now() - saidMs > lineMs)) {
        saidMs = performance.now();
        process.stderr.write(`${(shown.progress * 100).toFixed(1)} %  ${facts.pace}  ${facts.chunks}\n`);
      }
      if (over) return shown;
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
  } finally {
    process.off('SIGINT', leave);
    bar?.stop();
  }
}

/** Exit code of a command that followed a computation: 0 only when it has its whole result. */
export function markOutcome({ id, state }: ShownComputation): void {
  if (state === 'Completed') return;
  if (state === 'Paused') process.stderr.write(`it is paused: harto compute resume ${id}\n`);
  process.exitCode = 1;
}
