import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { laneBehaviour } from './lane-behaviour.js';
import { openLaneRig, type LaneRig } from './lane-rig.js';

const hasRedis = spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;
if (!hasRedis)
  process.stderr.write('SKIPPED: redis-server is not installed, the fast lane does not run on Redis here\n');

(hasRedis ? describe : describe.skip)('the fast lane on Redis', () => {
  let rig: LaneRig;
  beforeAll(async () => {
    rig = await openLaneRig('redis');
  }, 240_000);
  afterAll(() => rig?.close(), 30_000);

  laneBehaviour(() => rig);
});
