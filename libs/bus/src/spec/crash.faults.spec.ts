import { describeCrash } from './crash-cases.js';
import { engines } from './rig.js';

for (const each of engines) {
  describeCrash(each, ['received', 'in-tx', 'after-commit', 'after-publish', 'after-effect'], { long: true });
}
