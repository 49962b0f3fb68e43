import { describe, expect, it } from '@jest/globals';
import { statusText } from '../commands/status-text.js';
import type { StatusShown } from '../gateway-documents.js';

const at = new Date().toISOString();
const status: StatusShown = {
  at,
  services: [{ service: 'act', alive: true, instances: 1, secondsSinceSeen: 1 }],
  killSwitch: { on: false, reason: null, by: null, since: null },
  cycle: null,
  nextCycleAt: null,
  waiting: { outbox: 0, oldestSeconds: 0 },
  awaitingApproval: 0,
  corpus: { files: 1, atoms: 2 },
  kept: [],
  benefit: { keySplittable: null, global: null },
  netGain: { secondsPerHour: 0, actions: 0 },
};

describe('the status for people', () => {
  it('says which difference is not measured yet', () => {
    const text = statusText(status);
    expect(text).toMatch(/^by keys +too few keys are held out yet$/m);
    expect(text).toMatch(/^net gain +no action has been concluded yet$/m);
    expect(text).toMatch(/^by replays +no global action has been replayed yet$/m);
  });

  it('shows both differences apart, with their intervals and what was compared', () => {
    const keySplittable = { ratio: 0.5, low: 0.4, high: 0.625, label: '90 keys against 6 held out', at };
    const global = { ratio: 0.8, low: 0.7, high: null, label: 'global actions: 1 of 2 kept', at };
    const netGain = { secondsPerHour: -0.25, actions: 3 };
    const text = statusText({ ...status, benefit: { keySplittable, global }, netGain });
    expect(text).toMatch(/^net gain +-0\.250 s per hour, proven gains less all costs, of 3 actions$/m);
    expect(text).toMatch(
      /^by keys +0\.500 \[0\.400, 0\.625\] x latency \(90 keys against 6 held out; \d+ s/m,
    );
    expect(text).toMatch(
      /^by replays +0\.800 \[0\.700, open\] x latency \(global actions: 1 of 2 kept; \d+ s/m,
    );
  });
});
