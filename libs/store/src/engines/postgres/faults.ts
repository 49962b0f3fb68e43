import { HartoError } from '@hartonomous/contracts';

const serialisation = new Set(['40001', '40P01']);
/** Class 08, administrative shutdown, crash, start-up, too many connections. */
const unreachable = /^(08...|57P0[1-5]|53300|53400)$/;
const socket = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EPIPE',
  'EHOSTUNREACH',
  'EAI_AGAIN',
]);
const lostConnection =
  /Connection terminated|timeout exceeded when trying to connect|Client was closed|not queryable/i;

interface DriverFault {
  code?: string;
  message: string;
  constraint?: string;
  table?: string;
}

/** True for faults after which the connection cannot be used again. */
export function isConnectionFault(error: unknown): boolean {
  const fault = error as DriverFault;
  const code = fault.code ?? '';
  return unreachable.test(code) || socket.has(code) || lostConnection.test(fault.message ?? '');
}

/** Fault of the driver -> the store's code. Anything that is not the driver's passes unchanged. */
export function toStoreFault(error: unknown, where: string): unknown {
  if (error instanceof HartoError || !(error instanceof Error)) return error;
  const fault = error as Error & DriverFault;
  const sqlState = fault.code ?? '';
  if (serialisation.has(sqlState)) {
    return new HartoError('STORE_CONFLICT', `the store asked to repeat the transaction (${sqlState})`, {
      details: { sqlState },
      cause: error,
    });
  }
  if (isConnectionFault(error)) {
    return new HartoError('STORE_UNREACHABLE', `the store at ${where} does not answer: ${fault.message}`, {
      details: { sqlState },
      cause: error,
    });
  }
  if (!/^[0-9A-Z]{5}$/.test(sqlState)) return error;
  const details = { sqlState, ...(fault.constraint ? { constraint: fault.constraint } : {}) };
  if (sqlState.startsWith('23')) {
    return new HartoError('STATE_CONFLICT', `the store refused the row: ${fault.message}`, {
      details,
      cause: error,
    });
  }
  if (sqlState.startsWith('22')) {
    return new HartoError('INPUT_INVALID', `the store refused a value: ${fault.message}`, {
      details,
      cause: error,
    });
  }
  if (sqlState === '42501') {
    return new HartoError('AUTH_FORBIDDEN', 'the store refused access to a row or table', {
      details,
      cause: error,
    });
  }
  return new HartoError('INTERNAL', `store statement failed (${sqlState}): ${fault.message}`, {
    details,
    cause: error,
  });
}
