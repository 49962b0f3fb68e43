/**
 * SQLSTATEs and socket codes of a server that is down, starting, stopping or full. BullMQ waits and retries only on
 * ECONNREFUSED; any other code makes it count a finished job as failed and run it twice.
 */
const outage = new Set([
  '08000',
  '08001',
  '08003',
  '08006',
  '53300',
  '57P01',
  '57P02',
  '57P03',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
]);

const outageText =
  /connection terminated|timeout exceeded when trying to connect|client has encountered a connection error/i;

export function isOutage(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && (code === 'ECONNREFUSED' || outage.has(code))) return true;
  return typeof message === 'string' && outageText.test(message);
}

/** The same fault under the one code that BullMQ understands as "the server is away, try again". */
export function asRefusedConnection(error: unknown): unknown {
  if (!isOutage(error) || (error as { code?: unknown }).code === 'ECONNREFUSED') return error;
  const text = error instanceof Error ? error.message : String(error);
  return Object.assign(new Error(`queue unreachable: ${text}`, { cause: error }), { code: 'ECONNREFUSED' });
}
