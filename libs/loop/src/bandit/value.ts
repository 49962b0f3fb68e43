import type { ArmRates, BanditSettings } from './belief.js';

/** What trying one candidate costs and may bring. */
export interface Economics {
  /** Requests per hour touched x mean seconds of one: seconds spent per hour on what would change. */
  readonly exposure: number;
  /** Seconds, once. */
  readonly costSeconds: number;
  readonly buildHours: number;
  readonly testHours: number;
  /** Share of latency added while a harmful change is tried. */
  readonly harmSize: number;
}

/** A trial shorter than this is no hour's work saved: keeps the value finite for instant actions. */
const trialHoursMin = 1 / 60;

/**
 * Value of trying, in seconds saved per hour of trial:
 * [theta max(mu, 0) exposure horizon - eta harm_size exposure test_time - cost] / (build_time + test_time).
 */
export function valuePerHour(rates: ArmRates, economics: Economics, settings: BanditSettings): number {
  const { exposure, costSeconds, buildHours, testHours, harmSize } = economics;
  const gain = rates.theta * Math.max(rates.mu, 0) * exposure * settings.horizonHours;
  const harm = rates.eta * harmSize * exposure * testHours;
  return (gain - harm - costSeconds) / Math.max(trialHoursMin, buildHours + testHours);
}
