import { describe, expect, it } from '@jest/globals';
import { countOf, durationOf, percentOf, sizeOf } from '../findings/wording.js';

describe('figures for people', () => {
  it.each([
    [0, '0 ms'],
    [0.4237, '0.42 ms'],
    [12.345, '12.3 ms'],
    [480.2, '480 ms'],
    [999.7, '1 s'],
    [2_500, '2.5 s'],
    [662_000, '11 min'],
    [3 * 3_600_000, '3 h'],
    [60 * 3_600_000, '2.5 days'],
    [400 * 24 * 3_600_000, '400 days'],
  ])('%d ms are %s', (ms, text) => expect(durationOf(ms)).toBe(text));

  it('have units, and no exponents', () => {
    expect([100, 8_192, 3.5 * 2 ** 30].map(sizeOf)).toEqual(['100 bytes', '8 KiB', '3.5 GiB']);
    expect([0, 0.00001, 0.123, 1.5].map(percentOf)).toEqual(['0 %', 'less than 0.01 %', '12.3 %', '150 %']);
    expect([1, 2].map((n) => countOf(n, 'request'))).toEqual(['1 request', '2 requests']);
  });
});
