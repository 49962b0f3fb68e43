import { startCluster } from '@hartonomous/embedded';
import type { Cluster } from '@hartonomous/embedded';
import { createTestFolder, removeAbandoned } from './test-folder.js';

declare global {
  var hartonomousTestCluster: { cluster: Cluster; folder: string } | undefined;
}

/** One cluster per jest run: temporary, not durable, on a free port, its URL in HARTO_TEST_PG. */
export default async function setUp(): Promise<void> {
  removeAbandoned();
  const folder = createTestFolder();
  const cluster = await startCluster({
    home: folder,
    durability: 'none',
    settings: { max_connections: '500', checkpoint_timeout: '1h', max_wal_size: '4GB' },
    // Statements that fail on purpose are many; a server that cannot go on is news.
    log: (line) => (/\b(?:PANIC):/.test(line) ? process.stderr.write(`postgres: ${line}\n`) : undefined),
  });
  globalThis.hartonomousTestCluster = { cluster, folder };
  process.env.HARTO_TEST_PG = cluster.url;
}
