import { statfsSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';

/** `none` may lose the whole cluster at a crash of the machine: for tests only. */
export type Durability = 'full' | 'none';

const mebibyte = 1024 * 1024;

/** Parallel queries need shared memory, of which containers often have 64 MB. */
function sharedMemoryIsScarce(): boolean {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm');
    return bavail * bsize < 256 * mebibyte;
  } catch {
    return process.platform === 'linux';
  }
}

/** Sized for a laptop that runs five services beside it: an eighth of the memory, 64 to 512 MB, is the buffer. */
export function serverSettings(port: number, durability: Durability): Record<string, string> {
  const memory = totalmem() / mebibyte;
  const buffers = Math.round(Math.min(512, Math.max(64, memory / 8)));
  return {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    shared_preload_libraries: 'pg_stat_statements',
    'pg_stat_statements.max': '5000',
    track_io_timing: 'on',
    shared_buffers: `${buffers}MB`,
    effective_cache_size: `${Math.round(Math.max(256, memory / 3))}MB`,
    work_mem: '16MB',
    maintenance_work_mem: '128MB',
    max_wal_size: '2GB',
    min_wal_size: '80MB',
    wal_compression: 'on',
    checkpoint_timeout: '15min',
    random_page_cost: '1.1',
    jit: 'off',
    // Requests are many and small: on few cores a parallel plan only takes them from each other.
    max_parallel_workers_per_gather: availableParallelism() > 4 ? '2' : '0',
    timezone: 'UTC',
    log_timezone: 'UTC',
    logging_collector: 'off',
    log_destination: 'stderr',
    ...(sharedMemoryIsScarce() ? { dynamic_shared_memory_type: 'mmap' } : {}),
    ...(durability === 'none' ? { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' } : {}),
  };
}
