import { describe, expect, it } from '@jest/globals';
import { builtActionTypes } from '@hartonomous/contracts';
import { executors } from './registry.js';

describe('executors', () => {
  it('are exactly the types that are declared built', () => {
    expect(Object.keys(executors).sort()).toEqual(Object.keys(builtActionTypes).sort());
  });
});
