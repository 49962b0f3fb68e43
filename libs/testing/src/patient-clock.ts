/** What services ask for the time, as far as a test stands in for it. */
export interface PatientClock {
  now(): Date;
  monotonicMs(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Between two readings, ms. */
const stepMs = 1_000;

/**
 * Readings lie a second apart, so that what is kept for a shorter time is never given again; a sleep ends only by its
 * signal, so that nothing is given up because the machine is slow.
 */
export function patientClock(): PatientClock {
  let readings = 0;
  return {
    now: () => new Date(),
    monotonicMs: () => stepMs * readings++,
    sleep: (_, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) resolve();
        else signal?.addEventListener('abort', () => resolve(), { once: true });
      }),
  };
}
