import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Peer } from './measure.js';

const SCRIPT = fileURLToPath(new URL('../../bench-peers/peers.py', import.meta.url));
const PYTHON = '/usr/bin/python3';

interface Case {
  /** A case of bench-peers/peers.py. */
  name: string;
  points: Float64Array;
  dim: number;
  parameters: readonly [number, number];
}

/**
 * Starts a native peer on the given data, one thread; it stays alive between runs. When Python or a package is missing
 * the peer is marked as skipped with the reason.
 */
export async function startPythonPeer(peer: string, c: Case): Promise<Peer> {
  const rows = c.points.length / c.dim;
  const child = spawn(PYTHON, [SCRIPT, c.name, String(rows), String(c.dim), ...c.parameters.map(String)], {
    env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let problem = '';
  child.stderr.on('data', (text: Buffer) => (problem = text.toString().trim().split('\n').at(-1) ?? problem));
  child.stdin.on('error', (error) => (problem ||= error.message));
  const failed = new Promise<null>((resolve) => {
    child.once('error', (error) => {
      problem = error.message;
      resolve(null);
    });
    child.once('close', () => resolve(null));
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string | null> => {
    const line = await Promise.race([lines.next(), failed]);
    return line === null || line.done ? null : line.value;
  };
  const greeting = await next();
  if (greeting === null) {
    await failed;
    return { name: peer, run: () => 0, skipped: problem || 'the peer did not start' };
  }
  const { versions } = JSON.parse(greeting) as { versions: Record<string, string> };
  child.stdin.write(Buffer.from(c.points.buffer, c.points.byteOffset, c.points.byteLength));
  return {
    name: peer,
    versions,
    async run() {
      child.stdin.write('run\n');
      const answer = await next();
      if (answer === null) throw new Error(`${peer} ended: ${problem}`);
      return (JSON.parse(answer) as { cpuMs: number }).cpuMs;
    },
    stop: () => child.stdin.end(),
  };
}
