import { HartoError } from '@hartonomous/contracts';
import type { ColumnType } from '../../sql/dialect.js';

/** Bytes of COPY data gathered before they are handed on. */
const chunkBytes = 256 * 1024;
const signature = Buffer.from('5047434f50590aff0d0a000000000000000000', 'hex');
const trailer = Buffer.from('ffff', 'hex');
/** PostgreSQL counts microseconds from 2000-01-01. */
const epochMs = Date.UTC(2000, 0, 1);
const uuidHex = /^[0-9a-f]{32}$/i;

/** Grows as rows need it; handed on whole. */
class Chunk {
  private bytes = Buffer.allocUnsafe(chunkBytes + 4096);
  private used = 0;

  get full(): boolean {
    return this.used >= chunkBytes;
  }

  take(): Buffer {
    const taken = this.bytes.subarray(0, this.used);
    this.bytes = Buffer.allocUnsafe(chunkBytes + 4096);
    this.used = 0;
    return taken;
  }

  raw(bytes: Uint8Array): void {
    this.room(bytes.length);
    this.bytes.set(bytes, this.used);
    this.used += bytes.length;
  }

  fields(count: number): void {
    this.room(2);
    this.used = this.bytes.writeInt16BE(count, this.used);
  }

  field(value: unknown, type: ColumnType): void {
    this.room(20);
    if (value === null || value === undefined) this.used = this.bytes.writeInt32BE(-1, this.used);
    else if (type === 'text') this.text(value as string);
    else if (type === 'bytes') this.sized(value as Uint8Array);
    else this.fixed(value, type);
  }

  private fixed(value: unknown, type: Exclude<ColumnType, 'text' | 'bytes'>): void {
    const { bytes } = this;
    const at = this.used + 4;
    const length = lengths[type];
    bytes.writeInt32BE(length, this.used);
    this.used = at + length;
    switch (type) {
      case 'uuid':
        return this.uuid(value as string, at);
      case 'int':
        return void bytes.writeInt32BE(value as number, at);
      case 'bigint':
        return void bytes.writeBigInt64BE(BigInt(value as bigint | number | string), at);
      case 'float':
        return void bytes.writeDoubleBE(value as number, at);
      case 'boolean':
        return void bytes.writeInt8(value === true ? 1 : 0, at);
      case 'instant':
        return void bytes.writeBigInt64BE(BigInt((value as Date).getTime() - epochMs) * 1000n, at);
    }
  }

  private uuid(value: string, at: number): void {
    const hex = value.replaceAll('-', '');
    if (!uuidHex.test(hex)) throw new HartoError('INPUT_INVALID', 'the store refused a value: not a UUID');
    this.bytes.write(hex, at, 'hex');
  }

  private text(value: string): void {
    const length = Buffer.byteLength(value);
    this.room(length + 4);
    this.used = this.bytes.writeInt32BE(length, this.used);
    this.used += this.bytes.write(value, this.used);
  }

  private sized(value: Uint8Array): void {
    this.room(value.length + 4);
    this.used = this.bytes.writeInt32BE(value.length, this.used);
    this.raw(value);
  }

  private room(more: number): void {
    if (this.used + more <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.used + more));
    this.bytes.copy(larger, 0, 0, this.used);
    this.bytes = larger;
  }
}

const lengths: Record<Exclude<ColumnType, 'text' | 'bytes'>, number> = {
  uuid: 16,
  int: 4,
  bigint: 8,
  float: 8,
  boolean: 1,
  instant: 8,
};

/** Rows in the binary format of COPY, in chunks. */
export function* copyBinary(rows: Iterable<unknown[]>, types: ColumnType[]): Generator<Buffer> {
  const chunk = new Chunk();
  chunk.raw(signature);
  for (const row of rows) {
    chunk.fields(types.length);
    for (let i = 0; i < types.length; i++) chunk.field(row[i], types[i]);
    if (chunk.full) yield chunk.take();
  }
  chunk.raw(trailer);
  yield chunk.take();
}
