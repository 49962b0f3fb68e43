import { Worker } from 'node:worker_threads';

const body = `
const { parentPort, workerData } = require('node:worker_threads');
import(workerData.module).then((loaded) => parentPort.postMessage(loaded[workerData.name](...workerData.args)));
`;

/**
 * Calls an exported pure function in a worker thread. Jest runs specs inside a VM context, where every use of a
 * global (Math above all) is looked up anew: number crunching is ten times slower there.
 */
export async function offThread<T>(moduleUrl: URL, name: string, ...args: unknown[]): Promise<T> {
  const worker = new Worker(body, { eval: true, workerData: { module: moduleUrl.href, name, args } });
  try {
    return await new Promise<T>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', (code) => reject(new Error(`worker ended with ${code} before it answered`)));
    });
  } finally {
    await worker.terminate();
  }
}
