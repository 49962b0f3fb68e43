/**
 * A space-filling curve as a finite automaton over orthants, read from the highest bit down: in state s the
 * sub-cube with coordinate bits c (bit of x first, then y, then z) is visited as number `digit[s << dims | c]` and
 * continues in state `next[s << dims | c]`; `cell` is the inverse of `digit`. State 0 is the start.
 */
export interface CurveTable {
  readonly dims: 2 | 3;
  readonly states: number;
  readonly digit: Uint8Array;
  readonly cell: Uint8Array;
  readonly next: Uint8Array;
}

/** Several levels at once: `encode[s << (dims * levels) | x | y | z groups] = next state and digits`, and back. */
export interface SteppedTable {
  readonly levels: number;
  readonly encode: Uint16Array;
  readonly decode: Uint16Array;
}

/** Morton order (Z-order): one state, the digit is the cell. */
export function mortonTable(dims: 2 | 3): CurveTable {
  const identity = Uint8Array.from({ length: 1 << dims }, (_, i) => i);
  return { dims, states: 1, digit: identity, cell: identity, next: new Uint8Array(1 << dims) };
}

/**
 * The automaton of the Hilbert curve defined by Skilling's transform ("Programming the Hilbert curve", AIP Conf.
 * Proc. 707, 2004). His bit loop applies, level by level, a signed permutation of the axes to all lower bits; that
 * permutation together with the parity he accumulates at the end is the state. Equivalent states are merged
 * (Moore), so that the table stays in the first-level cache.
 */
export function hilbertTable(dims: 2 | 3): CurveTable {
  const size = 1 << dims;
  const raw: RawState[] = [
    { axis: [0, 1, 2].slice(0, dims), flip: new Array<number>(dims).fill(0), parity: 0 },
  ];
  const known = new Map([[JSON.stringify(raw[0]), 0]]);
  const digits: number[] = [];
  const nexts: number[] = [];
  for (let s = 0; s < raw.length; s++) {
    for (let c = 0; c < size; c++) {
      const step = skillingStep(raw[s], c);
      const name = JSON.stringify(step.state);
      if (!known.has(name)) {
        known.set(name, raw.length);
        raw.push(step.state);
      }
      digits.push(step.digit);
      nexts.push(known.get(name) as number);
    }
  }
  return mergeStates(dims, digits, nexts);
}

interface RawState {
  readonly axis: number[];
  readonly flip: number[];
  readonly parity: number;
}

function skillingStep(state: RawState, cell: number): { digit: number; state: RawState } {
  const dims = state.axis.length;
  const bits = state.axis.map((axis, i) => ((cell >> (dims - 1 - axis)) & 1) ^ state.flip[i]);
  let gray = 0;
  let digit = 0;
  for (let i = 0; i < dims; i++) {
    gray ^= bits[i];
    digit = (digit << 1) | (gray ^ state.parity);
  }
  const axis = [...state.axis];
  const flip = [...state.flip];
  for (let i = 0; i < dims; i++) {
    if (bits[i] === 1) {
      flip[0] ^= 1;
    } else {
      [axis[0], axis[i]] = [axis[i], axis[0]];
      [flip[0], flip[i]] = [flip[i], flip[0]];
    }
  }
  return { digit, state: { axis, flip, parity: state.parity ^ gray } };
}

/** Moore's partition refinement; classes are numbered by first appearance, so the start stays state 0. */
function mergeStates(dims: 2 | 3, digits: number[], nexts: number[]): CurveTable {
  const size = 1 << dims;
  const count = digits.length / size;
  let classOf = new Array<number>(count).fill(0);
  for (let classes = 0; ;) {
    const names = new Map<string, number>();
    const refined: number[] = [];
    for (let s = 0; s < count; s++) {
      const row = Array.from(
        { length: size },
        (_, c) => `${digits[s * size + c]}:${classOf[nexts[s * size + c]]}`,
      );
      const name = row.join();
      if (!names.has(name)) names.set(name, names.size);
      refined.push(names.get(name) as number);
    }
    classOf = refined;
    if (names.size === classes) break;
    classes = names.size;
  }
  const states = Math.max(...classOf) + 1;
  const digit = new Uint8Array(states * size);
  const cell = new Uint8Array(states * size);
  const next = new Uint8Array(states * size);
  for (let s = 0; s < count; s++) {
    for (let c = 0; c < size; c++) {
      const at = classOf[s] * size;
      digit[at + c] = digits[s * size + c];
      cell[at + digits[s * size + c]] = c;
      next[at + c] = classOf[nexts[s * size + c]];
    }
  }
  return { dims, states, digit, cell, next };
}

/** Composes `levels` steps into one look-up; entry = next state << (dims * levels) | digits (or grouped bits). */
export function stepTable(table: CurveTable, levels: number): SteppedTable {
  const { dims, states, digit, next } = table;
  const width = dims * levels;
  const encode = new Uint16Array(states << width);
  const decode = new Uint16Array(states << width);
  for (let s = 0; s < states; s++) {
    for (let grouped = 0; grouped < 1 << width; grouped++) {
      let state = s;
      let digits = 0;
      for (let level = levels - 1; level >= 0; level--) {
        let c = 0;
        for (let d = dims - 1; d >= 0; d--) c = (c << 1) | ((grouped >> (d * levels + level)) & 1);
        digits = (digits << dims) | digit[(state << dims) | c];
        state = next[(state << dims) | c];
      }
      encode[(s << width) | grouped] = (state << width) | digits;
      decode[(s << width) | digits] = (state << width) | grouped;
    }
  }
  return { levels, encode, decode };
}
