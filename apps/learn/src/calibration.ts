import { calibrationOf, type ForecastOutcome } from '@hartonomous/loop';
import type { ActionRow, MetricRow, TenantTransaction } from '@hartonomous/store';
import type { Forecast } from './update-beliefs.js';

const names = {
  probability: 'forecast.probability',
  gain: 'forecast.gain',
  kept: 'forecast.kept',
  realised: 'forecast.realised-gain',
} as const;
/** Forecasts that the calibration looks back on. */
const forecastsMax = 500;

/** Writes what was forecast of an action and what came of it, and the calibration over all of them. */
export async function recordForecast(
  tx: TenantTransaction,
  action: ActionRow,
  forecast: Forecast | null,
): Promise<void> {
  if (!forecast) return;
  const kept = action.verdict === 'Kept';
  const realised = kept && action.effect ? 1 - action.effect.estimate : 0;
  const row = (name: string, value: number): MetricRow => ({
    cycleId: action.cycleId,
    name,
    label: action.id,
    value,
    low: null,
    high: null,
  });
  await tx.analysis.addMetrics([
    row(names.probability, forecast.successProbability),
    row(names.gain, forecast.predictedGain),
    row(names.kept, kept ? 1 : 0),
    row(names.realised, realised),
  ]);
  const outcomes = await readForecasts(tx);
  const calibration = calibrationOf(outcomes);
  const label = `${calibration.forecasts} forecasts`;
  const shown = {
    'calibration.brier': calibration.brier,
    'calibration.brier-of-base-rate': calibration.brierOfBaseRate,
    'calibration.realised-over-predicted': calibration.realisedOverPredicted,
  };
  await tx.analysis.addMetrics(
    Object.entries(shown).flatMap(([name, value]) =>
      value === null ? [] : [{ cycleId: action.cycleId, name, label, value, low: null, high: null }],
    ),
  );
}

async function readForecasts(tx: TenantTransaction): Promise<ForecastOutcome[]> {
  const read = async (name: string): Promise<Map<string, number>> =>
    new Map((await tx.analysis.metrics(name, forecastsMax)).map((row) => [row.label, row.value]));
  const probability = await read(names.probability);
  const gain = await read(names.gain);
  const kept = await read(names.kept);
  const realised = await read(names.realised);
  return [...probability].map(([id, successProbability]) => ({
    successProbability,
    predictedGain: gain.get(id) ?? 0,
    kept: kept.get(id) === 1,
    realisedGain: realised.get(id) ?? 0,
  }));
}
