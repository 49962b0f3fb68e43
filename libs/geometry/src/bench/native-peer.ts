import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Run } from './measure.js';

/** A C++ peer of bench-peers/, compiled with -O3 into a temporary folder, or the reason why it is not. */
export interface NativePeer {
  readonly binary: string | null;
  readonly skipped?: string;
  readonly version: string;
  dispose(): void;
}

/**
 * Compiles a peer.
 * @param debianPackage asked for its version, named in the reason when the peer cannot be built
 */
export function buildPeer(
  source: string,
  debianPackage: string,
  libraries: readonly string[] = [],
): NativePeer {
  const folder = mkdtempSync(join(tmpdir(), 'geometry-bench-'));
  const binary = join(folder, 'peer');
  const path = fileURLToPath(new URL(`../../bench-peers/${source}`, import.meta.url));
  const built = spawnSync('g++', ['-O3', '-o', binary, path, ...libraries], { encoding: 'utf8' });
  const dispose = (): void => rmSync(folder, { recursive: true, force: true });
  if (built.status !== 0) {
    const reason = built.error === undefined ? `${debianPackage} is not installed` : 'g++ is not installed';
    return { binary: null, skipped: reason, version: '', dispose };
  }
  const asked = spawnSync('dpkg-query', ['-W', '-f', '${Version}', debianPackage], { encoding: 'utf8' });
  return { binary, version: asked.status === 0 ? asked.stdout : 'unknown', dispose };
}

/** A running peer that holds its data and measures its own CPU time, one run per command. */
export class PeerProcess {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly lines: AsyncIterator<string>;

  constructor(binary: string, head: readonly number[], data: readonly Float64Array[]) {
    this.child = spawn(binary);
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
    this.child.stdin.write(Buffer.from(Int32Array.from(head).buffer));
    for (const part of data)
      this.child.stdin.write(Buffer.from(part.buffer, part.byteOffset, part.byteLength));
  }

  async run(command: string): Promise<Run> {
    this.child.stdin.write(command);
    const line = await this.lines.next();
    if (line.done === true) throw new Error(`the peer ended early: ${String(this.child.exitCode)}`);
    const [cpuMs, checksum] = line.value.split(' ').map(Number);
    return { cpuMs, checksum };
  }

  stop(): void {
    this.child.stdin.end();
  }
}
