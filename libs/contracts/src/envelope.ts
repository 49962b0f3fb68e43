import { HartoError } from './errors.js';
import {
  envelopeSchema,
  messageLimits,
  messageNames,
  messages,
  type Envelope,
  type MessageName,
} from './messages.js';

/**
 * Strict parse of what arrives from a queue or is about to leave.
 * @throws HartoError MESSAGE_TOO_LARGE | MESSAGE_VERSION_UNKNOWN (retryable: a newer sender) | MESSAGE_MALFORMED
 */
export function parseEnvelope(value: unknown): Envelope {
  const text = JSON.stringify(value) ?? '';
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes > messageLimits.bytesMax) {
    throw new HartoError(
      'MESSAGE_TOO_LARGE',
      `message of ${sizeBytes} bytes exceeds ${messageLimits.bytesMax}`,
    );
  }
  const version = (value as { v?: unknown } | null)?.v;
  if (typeof version === 'number' && Number.isInteger(version) && version > messageLimits.version) {
    throw new HartoError('MESSAGE_VERSION_UNKNOWN', `message version ${version} is newer than this service`);
  }
  const head = envelopeSchema.safeParse(value);
  if (!head.success) throw malformed(head.error.issues[0]);
  const name = head.data.name as MessageName;
  if (head.data.v !== messageLimits.version || !messageNames.includes(name)) {
    throw new HartoError('MESSAGE_MALFORMED', 'message has an unknown name or version', {
      details: { name: head.data.name.slice(0, 60), v: head.data.v },
    });
  }
  const refs = messages[name].schema.safeParse(head.data.refs);
  if (!refs.success) throw malformed(refs.error.issues[0]);
  return { ...head.data, name, refs: refs.data } as Envelope;
}

function malformed(issue: { path: PropertyKey[]; message: string } | undefined): HartoError {
  const at = issue?.path.map(String).join('.') || 'message';
  return new HartoError('MESSAGE_MALFORMED', `${at}: ${issue?.message ?? 'malformed'}`);
}
