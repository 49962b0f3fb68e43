import { setPriority } from 'node:os';
import { checksumOf, parseParams, taskTypeOf } from '@hartonomous/compute';
import { answerOf, type ThreadFault } from '@hartonomous/contracts';
import { ChunkSignals, type ChunkAnswer, type ChunkTask } from './chunk-task.js';

/** Below the services and the database on the same cores; on Linux this is the thread's own. */
const niceness = 4;
try {
  if (process.platform === 'linux') setPriority(niceness);
} catch {
  // A host that forbids it runs chunks at the usual priority.
}

/** One chunk, in a thread of its own. */
export default function runInThread(task: ChunkTask): ChunkAnswer | ThreadFault {
  return answerOf(() => runChunk(task));
}

function runChunk(task: ChunkTask): ChunkAnswer {
  const signals = new ChunkSignals(task.signals);
  const began = process.threadCpuUsage();
  const type = taskTypeOf(task.type, task.version);
  const partial = type.run(parseParams(type, task.params), task.span, {
    carry: task.carry,
    input: task.input,
    independent: task.independent,
    stopped: () => signals.stopped,
    progress: (share) => {
      signals.share = share;
    },
  });
  const { user, system } = process.threadCpuUsage(began);
  return {
    summary: partial.summary,
    state: partial.state ?? null,
    output: partial.output ?? null,
    checksum: checksumOf(partial),
    cpuMs: (user + system) / 1000,
  };
}
