import { createServer } from 'node:net';

/**
 * Below the range from which Linux takes the ports of outgoing connections (32768 and up) and of `listen(0)`: nothing
 * that was not asked for it comes to such a port between its release here and its use, or while a server restarts.
 */
const first = 20_000;
const perWorker = 1_000;
const workersMax = 12;

/** Workers of one jest run take from slices of their own; several runs on a machine begin at different places. */
const slice = first + (Number(process.env['JEST_WORKER_ID'] ?? 0) % workersMax) * perWorker;
let next = process.pid % perWorker;

/** A port of 127.0.0.1 that is free, and that this process does not give out again soon. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < perWorker; tries++) {
    const port = slice + (next++ % perWorker);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port of 127.0.0.1 from ${slice} to ${slice + perWorker - 1}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' || error.code === 'EACCES' ? resolve(false) : reject(error),
    );
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
