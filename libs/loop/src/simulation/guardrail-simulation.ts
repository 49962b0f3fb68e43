import { createRng, type Rng } from '@hartonomous/numerics';
import {
  allowedErrorShare,
  errorGuardrailFired,
  foldErrors,
  freshErrorGuardrail,
} from '../measurement/guardrails.js';
import { defaultGuardrails, type GuardrailSettings } from '../measurement/settings.js';

export interface GuardrailScenario {
  readonly seed: number;
  readonly runs: number;
  /** Error share of the control arm and of the A/A requests, from which the baseline is estimated. */
  readonly baselineShare: number;
  readonly treatedShare: number;
  /** Requests of the treated arm after which the run ends. */
  readonly requests: number;
  /** Requests without the change that are known before the first treated one (10 A/A pairs of 2 x 20). */
  readonly baselineRequests?: number;
  readonly blockSize?: number;
}

export interface GuardrailFigures {
  readonly runs: number;
  readonly fired: number;
  /** Treated requests until it fired, median of the runs in which it did; null when none did. */
  readonly requestsMedian: number | null;
}

/** Streams of failing requests through the error guardrail, block by block as Act sees them. */
export function simulateErrorGuardrail(
  scenario: GuardrailScenario,
  settings: GuardrailSettings = defaultGuardrails,
): GuardrailFigures {
  const rng = createRng(scenario.seed);
  const firedAt: number[] = [];
  for (let run = 0; run < scenario.runs; run++) {
    const at = firstAlarm(rng, scenario, settings);
    if (at !== null) firedAt.push(at);
  }
  firedAt.sort((a, b) => a - b);
  const requestsMedian = firedAt.length === 0 ? null : firedAt[Math.floor(firedAt.length / 2)];
  return { runs: scenario.runs, fired: firedAt.length, requestsMedian };
}

function firstAlarm(rng: Rng, scenario: GuardrailScenario, settings: GuardrailSettings): number | null {
  const blockSize = scenario.blockSize ?? 20;
  let baselineRequests = scenario.baselineRequests ?? 400;
  let baselineErrors = countErrors(rng, baselineRequests, scenario.baselineShare);
  let guardrail = freshErrorGuardrail;
  while (guardrail.requests < scenario.requests) {
    baselineRequests += blockSize;
    baselineErrors += countErrors(rng, blockSize, scenario.baselineShare);
    const allowed = allowedErrorShare(baselineErrors / baselineRequests, settings);
    const errors = countErrors(rng, blockSize, scenario.treatedShare);
    guardrail = foldErrors(guardrail, blockSize, errors, allowed);
    if (errorGuardrailFired(guardrail, settings)) return guardrail.requests;
  }
  return null;
}

function countErrors(rng: Rng, requests: number, share: number): number {
  let errors = 0;
  for (let i = 0; i < requests; i++) if (rng() < share) errors++;
  return errors;
}
