import type { PlanMaintenance } from '../../../port/plans.js';

const unavailable = () =>
  Promise.resolve({ unavailable: 'plans: this engine keeps none with their times and forces none' });

export const noPlans: PlanMaintenance = {
  regressions: unavailable,
  forced: unavailable,
  force: unavailable,
  unforce: unavailable,
};
