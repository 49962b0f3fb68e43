import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HartoError } from '@hartonomous/contracts';
import { z } from 'zod';

/**
 * The file: 8 bytes of magic, then frames of a type byte, a length (4 bytes, little-endian) and that many bytes; the
 * last one is the trailer, with the SHA-256 of everything before it, and nothing follows.
 * header, then for each table: table, any number of data (gzip of at most 1 MiB of COPY text), end; then trailer.
 */
export const magic = Buffer.from('HARTOBK1', 'latin1');

export const frameTypes = { header: 1, table: 2, data: 3, end: 4, trailer: 5 } as const;
export type FrameType = (typeof frameTypes)[keyof typeof frameTypes];

const frameBytesMax = 16 * 1024 * 1024;
/** COPY text of one data frame, unpacked; a longer row spans frames. */
export const blockBytes = 1024 * 1024;

const column = z.strictObject({ name: z.string(), type: z.string() });
const hash = z.string().regex(/^[0-9a-f]{64}$/);

export const headerSchema = z.strictObject({
  format: z.literal(1),
  engine: z.literal('postgres'),
  /** Version of this software. */
  product: z.string(),
  createdAt: z.string(),
  serverVersion: z.string(),
  migrations: z.array(z.strictObject({ name: z.string(), checksum: hash })),
  tables: z.array(z.strictObject({ name: z.string(), columns: z.array(column), key: z.array(z.string()) })),
  /** Identity columns and where they go on. */
  sequences: z.array(z.strictObject({ table: z.string(), column: z.string(), next: z.string() })),
  /** Statements of the indexes that the loop has earned. */
  indexes: z.array(z.strictObject({ name: z.string(), definition: z.string() })),
  /** Storage parameters of tables that have any. */
  options: z.array(z.strictObject({ table: z.string(), options: z.array(z.string()) })),
});
export type BackupHeader = z.infer<typeof headerSchema>;

export const tableSchema = z.strictObject({ name: z.string() });
export const endSchema = z.strictObject({
  name: z.string(),
  rows: z.int().min(0),
  /** Of the COPY text, unpacked. */
  bytes: z.int().min(0),
  sha256: hash,
});
export type TableEnd = z.infer<typeof endSchema>;
const trailerSchema = z.strictObject({ tables: z.int(), rows: z.int(), sha256: hash });

/** A backup that has been read from end to end. */
export interface BackupManifest extends BackupHeader {
  contents: TableEnd[];
  rows: number;
  sizeBytes: number;
  /** SHA-256 of the file up to its trailer. */
  sha256: string;
}

const refused = (file: string, why: string): HartoError =>
  new HartoError('INPUT_INVALID', `${file} ${why}`, { details: { file } });

const altered = (file: string, at: number): HartoError =>
  refused(file, `was altered or damaged near byte ${at}: use another copy`);

/** For people: what the file system says about a path. */
export function fileFault(file: string, error: unknown): HartoError {
  const { code, message } = error as NodeJS.ErrnoException;
  const known: Record<string, string> = {
    ENOENT: 'no such file or folder',
    EACCES: 'permission denied',
    EISDIR: 'is a folder: name a file',
    EEXIST: 'exists already: name another file, or give --force',
    ENOSPC: 'no space is left',
    EROFS: 'the file system is read-only',
    ENOTDIR: 'a part of the path is no folder',
  };
  return refused(`${file}:`, known[code ?? ''] ?? message);
}

/** Writes under a temporary name beside the target; the target appears whole, or not at all. */
export class BackupWriter {
  private readonly hash = createHash('sha256');
  private written = 0;

  private constructor(
    private readonly handle: FileHandle,
    private readonly draft: string,
    private readonly target: string,
  ) {}

  /** @throws HartoError INPUT_INVALID when the folder cannot be written to */
  static async open(target: string, replace: boolean): Promise<BackupWriter> {
    // Asked again at the end: an hour's work should not be needed to hear it.
    if (!replace && existsSync(target)) throw fileFault(target, { code: 'EEXIST' });
    const draft = `${target}.partial-${process.pid}`;
    try {
      // Owner only: the file holds everything, digests of keys included.
      const handle = await open(draft, 'w', 0o600);
      const writer = new BackupWriter(handle, draft, target);
      await writer.write(magic);
      return writer;
    } catch (error) {
      throw fileFault(target, error);
    }
  }

  get sizeBytes(): number {
    return this.written;
  }

  async frame(type: FrameType, payload: Buffer): Promise<void> {
    const head = Buffer.alloc(5);
    head.writeUInt8(type, 0);
    head.writeUInt32LE(payload.length, 1);
    await this.write(head);
    await this.write(payload);
  }

  json(type: FrameType, value: unknown): Promise<void> {
    return this.frame(type, Buffer.from(JSON.stringify(value)));
  }

  /** Ends the file and gives it its name; returns its SHA-256. */
  async finish(totals: { tables: number; rows: number }, replace: boolean): Promise<string> {
    const sha256 = this.hash.copy().digest('hex');
    await this.json(frameTypes.trailer, { ...totals, sha256 });
    try {
      await this.handle.sync();
      await this.handle.close();
      // A link, unlike a rename, does not replace what is there.
      if (replace) await rename(this.draft, this.target);
      else await link(this.draft, this.target);
      const folder = await open(dirname(this.target), 'r');
      await folder.sync().finally(() => folder.close());
    } catch (error) {
      throw fileFault(this.target, error);
    } finally {
      await rm(this.draft, { force: true });
    }
    return sha256;
  }

  async abandon(): Promise<void> {
    await this.handle.close().catch(() => undefined);
    await rm(this.draft, { force: true });
  }

  private async write(bytes: Buffer): Promise<void> {
    this.hash.update(bytes);
    try {
      for (let at = 0; at < bytes.length;) {
        at += (await this.handle.write(bytes, at, bytes.length - at)).bytesWritten;
      }
    } catch (error) {
      throw fileFault(this.target, error);
    }
    this.written += bytes.length;
  }
}

export interface Frame {
  type: number;
  payload: Buffer;
  /** Where the frame begins. */
  at: number;
}

/** Frames in their order, each checked against the size of the file before it is read. @throws HartoError */
export async function* readFrames(file: string, hashed?: (bytes: Buffer) => void): AsyncGenerator<Frame> {
  let handle: FileHandle;
  try {
    handle = await open(file, 'r');
  } catch (error) {
    throw fileFault(file, error);
  }
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw refused(file, 'is not a regular file');
    const begin = await readAt(handle, file, 0, Math.min(magic.length, stat.size));
    if (!begin.equals(magic)) throw refused(file, 'is not a Hartonomous backup');
    hashed?.(begin);
    for (let at = magic.length; at < stat.size;) {
      if (at + 5 > stat.size) throw truncated(file, stat.size);
      const head = await readAt(handle, file, at, 5);
      const length = head.readUInt32LE(1);
      if (head[0] < 1 || head[0] > 5 || length > frameBytesMax) throw altered(file, at);
      if (at + 5 + length > stat.size) throw truncated(file, stat.size);
      const payload = await readAt(handle, file, at + 5, length);
      if (head[0] !== frameTypes.trailer) {
        hashed?.(head);
        hashed?.(payload);
      }
      yield { type: head[0], payload, at };
      at += 5 + length;
    }
  } finally {
    await handle.close();
  }
}

const truncated = (file: string, size: number): HartoError =>
  refused(file, `is truncated: it ends at byte ${size} before its trailer`);

async function readAt(handle: FileHandle, file: string, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let read = 0;
  while (read < length) {
    const { bytesRead } = await handle.read(bytes, read, length - read, at + read);
    if (bytesRead === 0) throw truncated(file, at + read);
    read += bytesRead;
  }
  return bytes;
}

export function parsedFrame<T>(schema: z.ZodType<T>, { payload, at }: Frame, file: string): T {
  let value: unknown;
  try {
    value = JSON.parse(payload.toString('utf8'));
  } catch {
    throw altered(file, at);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw altered(file, at);
  return parsed.data;
}

/** The header before anything else of it is trusted: another format version is named as such. */
function headerOf(frame: Frame, file: string): BackupHeader {
  const format = parsedFrame(z.looseObject({ format: z.unknown() }), frame, file).format;
  if (format !== 1)
    throw refused(file, `has backup format ${String(format).slice(0, 20)}; this version reads format 1`);
  return parsedFrame(headerSchema, frame, file);
}

/**
 * Reads the whole file: structure, SHA-256, end. Nothing is unpacked.
 * @throws HartoError INPUT_INVALID: no backup, truncated, altered, or of another format
 */
export async function checkBackup(
  file: string,
  onBytes: (bytes: number) => void = () => {},
): Promise<BackupManifest> {
  const hash = createHash('sha256');
  let header: BackupHeader | null = null;
  const contents: TableEnd[] = [];
  let open: string | null = null;
  let ended: { sha256: string; at: number; size: number } | null = null;
  for await (const frame of readFrames(file, (bytes) => hash.update(bytes))) {
    const { type, at, payload } = frame;
    onBytes(at);
    if (ended) throw altered(file, at);
    if (header === null) {
      if (type !== frameTypes.header) throw altered(file, at);
      header = headerOf(frame, file);
    } else if (type === frameTypes.table && open === null) {
      open = parsedFrame(tableSchema, frame, file).name;
      if (header.tables[contents.length]?.name !== open) throw altered(file, at);
    } else if (type === frameTypes.end && open !== null) {
      const end = parsedFrame(endSchema, frame, file);
      if (end.name !== open) throw altered(file, at);
      contents.push(end);
      open = null;
    } else if (type === frameTypes.trailer && open === null) {
      const trailer = parsedFrame(trailerSchema, frame, file);
      if (trailer.tables !== contents.length || contents.length !== header.tables.length)
        throw altered(file, at);
      ended = { sha256: trailer.sha256, at, size: at + 5 + payload.length };
    } else if (type !== frameTypes.data || open === null) {
      throw altered(file, at);
    }
  }
  if (header === null || ended === null) throw refused(file, 'is truncated: it has no trailer');
  if (hash.digest('hex') !== ended.sha256) {
    throw refused(
      file,
      'was altered or damaged: its SHA-256 is not the one in its trailer; use another copy',
    );
  }
  const rows = contents.reduce((sum, end) => sum + end.rows, 0);
  return { ...header, contents, rows, sizeBytes: ended.size, sha256: ended.sha256 };
}
