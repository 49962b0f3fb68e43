import { describe, expect, it } from '@jest/globals';
import type { ActionRow, EvidencePairRow } from '@hartonomous/store';
import { scoreAction } from '../score-action.js';

const ms = Array.from({ length: 20 }, () => 10);

const rows: EvidencePairRow[] = Array.from({ length: 10 }, (_, pairNo) => ({
  actionId: '00000000-0000-4000-8000-000000000001',
  pairNo,
  kind: 'AA',
  control: ms,
  treated: ms,
  errorsControl: 0,
  errorsTreated: 0,
  countControl: 20,
  countTreated: 20,
  order: 'mixed',
  measuredAt: new Date(0),
}));

/** Undone by a guardrail, with what Act has stored of the queue. */
const undone = (queueAgeMs: number | null) =>
  ({
    verdict: 'RevertedHarm',
    design: 'replay',
    effect: null,
    progress: { queueAgeMs },
    exposure: { requestsPerHour: 100, meanSeconds: 0.01 },
    createdAt: new Date(0),
    appliedAt: new Date(0),
    concludedAt: new Date(60_000),
  }) as unknown as ActionRow;

describe('a verdict of the queue', () => {
  it('is found again from the age that was stored with it', () => {
    const scored = scoreAction(undone(61_000), rows, 0);
    expect(scored).toMatchObject({ agrees: true, fromRows: 'RevertedHarm' });
    expect(scored.reason).toMatch(/queue: the oldest message waits 61000 ms/);
  });

  it('raises an alarm where the stored age is none, or within the limit', () => {
    for (const age of [null, 59_000]) {
      expect(scoreAction(undone(age), rows, 0)).toMatchObject({ agrees: false, fromRows: null });
    }
  });
});
