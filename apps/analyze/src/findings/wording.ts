const units = [
  { upTo: 1_000, per: 1, name: 'ms' },
  { upTo: 60_000, per: 1_000, name: 's' },
  { upTo: 3_600_000, per: 60_000, name: 'min' },
  { upTo: 48 * 3_600_000, per: 3_600_000, name: 'h' },
  { upTo: Infinity, per: 24 * 3_600_000, name: 'days' },
] as const;

/** Three digits at most, never an exponent; less than a hundredth is nothing an operator reads. */
export function plainNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return String(Math.round(value));
  return String(Number(value.toFixed(size >= 10 ? 1 : 2)));
}

/** A duration in the unit that a person would choose: `0.42 ms`, `12.5 ms`, `2.5 s`, `11 min`. */
export function durationOf(ms: number): string {
  const unit = units.find((u) => Math.abs(ms) < u.upTo * 0.9995) ?? units.at(-1)!;
  return `${plainNumber(ms / unit.per)} ${unit.name}`;
}

export function sizeOf(bytes: number): string {
  const names = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const step = bytes < 1 ? 0 : Math.min(names.length - 1, Math.floor(Math.log(bytes) / Math.log(1_024)));
  return `${plainNumber(bytes / 1_024 ** step)} ${names[step]}`;
}

/** A share as a percentage. */
export function percentOf(share: number): string {
  const percent = share * 100;
  return percent > 0 && percent < 0.01 ? 'less than 0.01 %' : `${plainNumber(percent)} %`;
}

/** `1 request`, `2 requests`. */
export const countOf = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
