const parentLookMs = 500;

export type EndReason = 'SIGTERM' | 'SIGINT' | 'parent gone';

/**
 * Resolves when the process is told to end: by a signal (it may arrive many times), or because the process that started
 * it is gone. After kill -9 of a supervisor nobody else would tell.
 */
export function untilEnded(options: { parentWatch: boolean }): Promise<EndReason> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(signal));
    if (!options.parentWatch) return;
    const parent = process.ppid;
    const timer = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(timer);
      resolve('parent gone');
    }, parentLookMs).unref();
  });
}
