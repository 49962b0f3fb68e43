import type { Span } from '@hartonomous/compute';

/** What a worker thread is given; all of it is copied or shared memory. */
export interface ChunkTask {
  type: string;
  version: number;
  params: unknown;
  span: Span;
  carry: Uint8Array | null;
  input: { count: number; dimensions: number; data: Float32Array } | null;
  independent: boolean;
  signals: SharedArrayBuffer;
}

export interface ChunkAnswer {
  summary: Record<string, unknown>;
  state: Uint8Array | null;
  output: Uint8Array | null;
  checksum: string;
  cpuMs: number;
}

/** Memory that both sides see: stop flag and share. */
export class ChunkSignals {
  private readonly flag: Int32Array;
  private readonly value: Float64Array;

  constructor(readonly buffer: SharedArrayBuffer = new SharedArrayBuffer(16)) {
    this.flag = new Int32Array(buffer, 0, 1);
    this.value = new Float64Array(buffer, 8, 1);
  }

  stop(): void {
    Atomics.store(this.flag, 0, 1);
  }

  get stopped(): boolean {
    return Atomics.load(this.flag, 0) === 1;
  }

  get share(): number {
    return this.value[0];
  }

  set share(value: number) {
    this.value[0] = value;
  }
}
