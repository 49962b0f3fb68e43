import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { FILE_BYTES_MAX } from '@hartonomous/corpus';
import type { WalkedFile } from './source-walk.js';
import { isInside } from './source-walk.js';

export type ReadSkip = 'unreadable' | 'outside-root' | 'too-large' | 'not-a-file' | 'link';

/**
 * The bytes of a file, opened without following links, checked to be regular and inside its root by real path.
 * Whatever stands against it is a value: sources change while they are read.
 */
export async function readSource(
  walked: WalkedFile,
): Promise<{ ok: true; bytes: Buffer } | { ok: false; reason: ReadSkip }> {
  try {
    if (!isInside(walked.root, await realpath(walked.file))) return { ok: false, reason: 'outside-root' };
    // Non-blocking: a pipe put in the file's place must not hang the reader.
    const handle = await open(walked.file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const info = await handle.stat();
      if (!info.isFile()) return { ok: false, reason: 'not-a-file' };
      if (info.size > FILE_BYTES_MAX) return { ok: false, reason: 'too-large' };
      // One byte more than the cap shows a file that grows while it is read.
      const buffer = Buffer.allocUnsafe(Math.min(info.size + 1, FILE_BYTES_MAX + 1));
      let length = 0;
      for (;;) {
        const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
        length += bytesRead;
        if (bytesRead === 0 || length === buffer.length) break;
      }
      if (length > FILE_BYTES_MAX) return { ok: false, reason: 'too-large' };
      return { ok: true, bytes: buffer.subarray(0, length) };
    } finally {
      await handle.close();
    }
  } catch (error) {
    const link = (error as NodeJS.ErrnoException).code === 'ELOOP';
    return { ok: false, reason: link ? 'link' : 'unreadable' };
  }
}
