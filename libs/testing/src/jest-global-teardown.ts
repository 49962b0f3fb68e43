import { removeTestFolder } from './test-folder.js';

export default async function tearDown(): Promise<void> {
  const running = globalThis.hartonomousTestCluster;
  if (!running) return;
  await running.cluster.stop();
  removeTestFolder(running.folder);
  globalThis.hartonomousTestCluster = undefined;
}
