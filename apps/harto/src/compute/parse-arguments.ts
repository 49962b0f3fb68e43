import { InvalidArgumentError } from 'commander';

/** A whole number as people write it: 1000000000, 1e9, 1_000_000, 2^40. */
export function parseWhole(text: string): number {
  const power = /^(\d+)\^(\d+)(?:([+-])(\d+))?$/.exec(text);
  const plain = /^\d[\d_]*$|^\d+(?:\.\d+)?e\d+$/i.test(text) ? Number(text.replaceAll('_', '')) : NaN;
  const value = power ? powerOf(power) : plain;
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new InvalidArgumentError('Expected a whole number up to 2^53 - 1, as in 1000000, 1e9 or 2^40.');
  }
  return value;
}

function powerOf([, base, exponent, sign, rest]: RegExpExecArray): number {
  const shift = sign ? Number(`${sign}${rest}`) : 0;
  return Number(BigInt(base) ** BigInt(Math.min(Number(exponent), 200)) + BigInt(shift));
}

/** Before anything is sent: a mistyped id is told from one that nobody has. */
export function parseId(text: string): string {
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text;
  throw new InvalidArgumentError('Expected the id of a computation, as harto compute list shows it.');
}
