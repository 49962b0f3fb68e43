import { HartoError } from '@hartonomous/contracts';

/** Deadlock victim, snapshot conflicts, and the temporal clash of two writers. */
const serialisation = new Set([1205, 3960, 3961, 13535]);
const duplicateKey = new Set([2627, 2601]);
const constraint = new Set([515, 547]);
const badValue = new Set([220, 241, 242, 245, 248, 8114, 8115, 8152, 8169, 2628]);
const forbidden = new Set([229, 230, 262, 297, 300, 33504]);
const lostConnection = new Set([
  'ESOCKET',
  'ECONNCLOSED',
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTOPEN',
  'ETIMEOUT',
  'ELOGIN',
]);

interface DriverFault {
  number?: number;
  code?: string;
  message: string;
  name: string;
  originalError?: { info?: { number?: number } };
}

const isDriverFault = (fault: DriverFault): boolean =>
  typeof fault.number === 'number' ||
  /^(Request|Transaction|Connection|PreparedStatement|MSSQL)Error$/.test(fault.name);

/** Fault of the driver -> the store's code. Anything that is not the driver's passes unchanged. */
export function toStoreFault(error: unknown, where: string): unknown {
  if (error instanceof HartoError || !(error instanceof Error)) return error;
  const driver = (error as { driverError?: Error }).driverError;
  const fault = (driver ?? error) as Error & DriverFault;
  if (!isDriverFault(fault)) return error;
  const number = fault.number ?? fault.originalError?.info?.number ?? 0;
  const details = { number };
  const as = (code: ConstructorParameters<typeof HartoError>[0], message: string, retryable?: boolean) =>
    new HartoError(code, message, {
      details,
      cause: error,
      ...(retryable === undefined ? {} : { retryable }),
    });
  if (serialisation.has(number) || /could not serialize access/.test(fault.message)) {
    return as('STORE_CONFLICT', `the store asked to repeat the transaction (${number})`);
  }
  if (duplicateKey.has(number)) {
    // Another writer may have been first between our look and our insert: worth a repetition.
    return as('STATE_CONFLICT', `the store refused the row: ${fault.message}`, true);
  }
  if (constraint.has(number)) return as('STATE_CONFLICT', `the store refused the row: ${fault.message}`);
  if (badValue.has(number)) return as('INPUT_INVALID', `the store refused a value: ${fault.message}`);
  if (forbidden.has(number) || fault.message.startsWith('permission denied'))
    return as('AUTH_FORBIDDEN', 'the store refused access to a row or table');
  if (lostConnection.has(fault.code ?? '')) {
    return as('STORE_UNREACHABLE', `the store at ${where} does not answer: ${fault.message}`);
  }
  return as('INTERNAL', `store statement failed (${number}): ${fault.message}`);
}
