import { describeCrash } from './crash-cases.js';
import { engines } from './rig.js';

// The whole on PostgreSQL's queue, the two points that lose most on Redis; everything on both in crash.faults.spec.
const all = ['received', 'in-tx', 'after-commit', 'after-publish', 'after-effect'];
for (const each of engines) {
  describeCrash(each, each.engine === 'postgres' ? all : ['in-tx', 'after-commit'], { long: false });
}
