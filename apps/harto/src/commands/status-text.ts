import { effectText } from '../gateway-client.js';
import type { DifferenceShown, NetGainShown, StatusShown } from '../gateway-documents.js';
import { ageOf } from '../output.js';

export function statusText(status: StatusShown): string {
  const { killSwitch, cycle, benefit } = status;
  const services = status.services
    .map((row) => `${row.service} ${row.alive ? 'alive' : 'SILENT'}`)
    .join(', ');
  const kept = status.kept.map(
    (action) => `  kept ${action.type} ${action.target}: ${effectText(action.effect)}`,
  );
  return [
    `services     ${services}`,
    `kill switch  ${killSwitch.on ? `ON since ${ageOf(killSwitch.since)}: ${killSwitch.reason} (${killSwitch.by})` : 'armed'}`,
    `cycle        ${cycle ? `${cycle.number} ${cycle.state}, requested ${ageOf(cycle.requestedAt)}` : 'none yet'}`,
    `next cycle   ${status.nextCycleAt ? ageOf(status.nextCycleAt) : '-'}`,
    `approvals    ${status.awaitingApproval} waiting`,
    `outbox       ${status.waiting.outbox} waiting, oldest ${status.waiting.oldestSeconds.toFixed(1)} s`,
    `corpus       ${status.corpus.files} files, ${status.corpus.atoms} atoms`,
    `net gain     ${netGainText(status.netGain)}`,
    `by keys      ${differenceText(benefit.keySplittable, 'too few keys are held out yet')}`,
    `by replays   ${differenceText(benefit.global, 'no global action has been replayed yet')}`,
    ...kept,
  ].join('\n');
}

/** What all actions brought together. */
export function netGainText({ secondsPerHour, actions }: NetGainShown): string {
  if (actions === 0) return 'no action has been concluded yet';
  return `${secondsPerHour.toFixed(3)} s per hour, proven gains less all costs, of ${actions} ${actions === 1 ? 'action' : 'actions'}`;
}

/** Latency with what was kept over latency without it, and what was compared when. */
function differenceText(difference: DifferenceShown | null, none: string): string {
  if (!difference) return none;
  const { ratio: estimate, low, high, label, at } = difference;
  const unit = 'x latency';
  return `${effectText({ estimate, low, high, unit })} (${label}; ${ageOf(at)})`;
}
