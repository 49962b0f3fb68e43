import { afterAll, describe, it } from '@jest/globals';
import { startRedis } from '@hartonomous/testing';
import { describeWholeLoop } from './whole-loop.js';

const redis = await startRedis();

if (redis) {
  afterAll(() => redis.remove());
  describeWholeLoop({
    title: 'the whole loop with its queue on Redis',
    faults: ['analyze.after-commit=kill@1', 'act.in-tx=kill@3', 'learn.received=kill@1'],
    environment: async () => ({ QUEUE_URL: redis.url }),
    limitMs: 240_000,
  });
} else {
  describe('the whole loop with its queue on Redis', () => {
    it.skip('needs redis-server, which is not installed', () => undefined);
  });
}
