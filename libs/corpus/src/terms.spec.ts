import { describe, expect, it } from '@jest/globals';
import { sha256Hex } from '@hartonomous/contracts';
import fc from 'fast-check';
import { EMBEDDING_DIMENSIONS, embed } from './hashed-vectors.js';
import { TERM_CHARS_MAX, atomTerms, queryTerms, stemOf, termsOf } from './terms.js';

fc.configureGlobal({ seed: Number(process.env['HARTO_SEED'] ?? 20_261_121) || Date.now() });

describe('termsOf', () => {
  it('keeps the whole identifier and its parts, in lower case, counted', () => {
    expect(Object.fromEntries(termsOf('parseHTTPHeader snake_case_name parseHTTPHeader x2 the'))).toEqual({
      parsehttpheader: 2,
      pars: 2,
      http: 2,
      header: 2,
      snak: 1,
      name: 1,
      snake_case_name: 1,
      x2: 1,
    });
  });

  it('brings the forms of a word together', () => {
    for (const forms of [
      ['cache', 'caches', 'cached', 'caching'],
      ['renew', 'renews', 'renewed', 'renewing'],
      ['query', 'queries'],
      ['map', 'maps'],
    ]) {
      expect(new Set(forms.map(stemOf)).size).toBe(1);
    }
    for (const word of ['string', 'class', 'status', 'need', 'bus', 'thing']) expect(stemOf(word)).toBe(word);
  });

  it('bounds every term and never gives an empty one', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        for (const [term, count] of termsOf(text)) {
          expect(term.length).toBeGreaterThan(0);
          expect(term.length).toBeLessThanOrEqual(TERM_CHARS_MAX);
          expect(count).toBeGreaterThan(0);
        }
      }),
    );
  });

  it('counts a definition above a use, from the text alone', () => {
    const atom = { text: 'function renewLease() {}', heading: null, docComment: null };
    const defined = atomTerms({ ...atom, symbol: 'Lease.renewLease' });
    expect(defined.get('renewlease')).toBe(13);
    // A container's name that does not stand in the text must not change the terms.
    expect(atomTerms({ ...atom, symbol: 'Elsewhere.renewLease' })).toEqual(defined);
  });

  it('takes a question for what it asks about', () => {
    expect(queryTerms('how does the outbox relay work?')).toEqual(['outbox', 'relay']);
    expect(queryTerms('where are leases renewed')).toEqual(['leas', 'renew']);
    expect(queryTerms('the of and')).toEqual([]);
  });
});

describe('embed', () => {
  it('gives the same bits everywhere', () => {
    const vector = embed(termsOf('renewLease extends the lease before it expires'));
    expect(vector).toHaveLength(EMBEDDING_DIMENSIONS);
    expect(sha256Hex(Buffer.from(vector.buffer).toString('hex'))).toBe(
      'b36ff89ca1419c3301f8d30c467699a09bbdf875c5f2bc2301c4e84094afecfb',
    );
  });

  it('is of length 1, or 0 for nothing, and does not depend on order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ minLength: 1, maxLength: 20 }), fc.integer({ min: 1, max: 50 })), {
          maxLength: 30,
        }),
        (pairs) => {
          const terms = new Map(pairs);
          const vector = embed(terms);
          const length = Math.hypot(...vector);
          expect(Math.abs(length - (terms.size > 0 ? 1 : 0))).toBeLessThan(1e-5);
          expect(embed(new Map([...terms].reverse()))).toEqual(vector);
        },
      ),
    );
  });

  it('brings a misspelt word nearer than a foreign one', () => {
    const dot = (a: Float32Array, b: Float32Array): number =>
      a.reduce((sum, value, i) => sum + value * b[i], 0);
    const of = (text: string): Float32Array => embed(termsOf(text));
    expect(dot(of('reconciler'), of('recocniler'))).toBeGreaterThan(
      dot(of('reconciler'), of('projection')) + 0.1,
    );
  });
});
