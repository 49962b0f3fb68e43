import { SingleBar } from 'cli-progress';
import type { GatewayClient } from '../gateway-client.js';
import type { ShownComputation } from './computation-documents.js';

const lookMs = 500;
const lineMs = 10_000;
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

/** Follows a computation to its end (or its pause) with a live bar on a terminal, or a line now and then. */
export async function watchComputation(gateway: GatewayClient, id: string): Promise<ShownComputation> {
  const look = () => gateway.get<ShownComputation>(`/v1/computations/${encodeURIComponent(id)}`);
  const bar = process.stderr.isTTY
    ? new SingleBar({
        format: '{bar} {percentage}%  {pace}  {chunks}',
        stream: process.stderr,
        hideCursor: true,
      })
    : null;
  let shown = await look();
  let saidMs = -Infinity;
  bar?.start(1000, 0, { pace: '', chunks: '' });
  try {
    for (; ; shown = await look()) {
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
    bar?.stop();
  }
}
