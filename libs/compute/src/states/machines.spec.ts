import { describe, expect, it } from '@jest/globals';
import { chunkStates, computationStates, type ComputationState } from '@hartonomous/contracts';
import { chunkEvents, chunkMachine } from './chunk-machine.js';
import {
  computationEvents,
  computationMachine,
  computationVerbs,
  isTerminal,
  moveComputation,
} from './computation-machine.js';

function reachable(from: ComputationState): Set<ComputationState> {
  const seen = new Set<ComputationState>([from]);
  const open = [from];
  for (let state = open.pop(); state; state = open.pop()) {
    for (const event of computationEvents) {
      const move = moveComputation(state, event);
      if (move === 'same' || move === 'refused' || seen.has(move)) continue;
      seen.add(move);
      open.push(move);
    }
  }
  return seen;
}

describe('computation machine', () => {
  it('reaches every state from Pending, and an end from every state', () => {
    expect([...reachable('Pending')].sort()).toEqual([...computationStates].sort());
    for (const state of computationStates) {
      expect([...reachable(state)].some(isTerminal)).toBe(true);
    }
  });

  it('a verb given twice is the same as once', () => {
    for (const state of computationStates) {
      for (const verb of computationVerbs) {
        const once = moveComputation(state, verb);
        if (once === 'same' || once === 'refused') continue;
        const twice = moveComputation(once, verb);
        // Retry and rerun bring back to Running, where they find nothing more to do.
        expect([once, 'same', ...(verb === 'retry' || verb === 'rerun' ? ['refused'] : [])]).toContain(twice);
      }
    }
  });

  it('nothing but a cancelled computation comes of Cancelling, and only rerun revives a cancelled one', () => {
    const from = (state: ComputationState) =>
      computationEvents.filter((event) => !['same', 'refused'].includes(moveComputation(state, event)));
    expect(from('Cancelling')).toEqual(['drained']);
    expect(from('Cancelled')).toEqual(['rerun']);
    expect(from('Completed')).toEqual(['rerun']);
  });

  it('is total', () => {
    for (const state of computationStates) {
      expect(Object.keys(computationMachine[state]).sort()).toEqual([...computationEvents].sort());
    }
  });
});

describe('chunk machine', () => {
  it('is total, and a chunk leaves a worker only by an event that checks the fence', () => {
    for (const state of chunkStates) {
      expect(Object.keys(chunkMachine[state]).sort()).toEqual([...chunkEvents].sort());
    }
    const into = chunkStates.filter((state) => Object.values(chunkMachine[state]).includes('Leased'));
    expect(into).toEqual(['Pending']);
    expect(chunkMachine.Pending.completed).toBe('refused');
    expect(chunkMachine.Done.claimed).toBe('refused');
    expect(chunkMachine.Parked.claimed).toBe('refused');
  });
});
