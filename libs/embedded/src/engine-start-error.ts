/**
 * The embedded engine cannot run. `message` is one line that names the fix; borders compare `code`, which is the
 * catalogue's ENGINE_START_FAILED.
 */
export class EngineStartError extends Error {
  readonly code = 'ENGINE_START_FAILED';
  readonly retryable = false;

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'EngineStartError';
  }
}

const reasons: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'a file stands in its place',
  ENOENT: 'no such file',
};

/** The text of a failed system call without its call name and path. */
export function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code !== undefined && code in reasons) return reasons[code];
  return error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
}
