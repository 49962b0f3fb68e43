const WORD = 32;

/** Code points of a string (surrogate pairs joined). */
function codePoints(text: string): Uint32Array {
  const out = new Uint32Array(text.length);
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const point = text.codePointAt(i) ?? 0;
    if (point > 0xffff) i++;
    out[count++] = point;
  }
  return out.subarray(0, count);
}

/** Bit masks of the positions of each symbol in a block of up to 32 symbols of the pattern. */
function positionMasks(pattern: Uint32Array, block: number): Map<number, number> {
  const masks = new Map<number, number>();
  const end = Math.min(pattern.length, (block + 1) * WORD);
  for (let i = block * WORD; i < end; i++) {
    masks.set(pattern[i], (masks.get(pattern[i]) ?? 0) | (1 << (i & 31)));
  }
  return masks;
}

/**
 * One block of 32 pattern rows swept over the whole text. `steps[j]` holds the horizontal difference (-1, 0, 1)
 * that enters the block's top row at text position j and is replaced by the one that leaves its last row.
 */
function sweepBlock(masks: Map<number, number>, text: Uint32Array, steps: Int8Array, lastBit: number): void {
  let plus = -1;
  let minus = 0;
  const last = 1 << lastBit;
  for (let j = 0; j < text.length; j++) {
    let equal = masks.get(text[j]) ?? 0;
    const enters = steps[j];
    const vertical = equal | minus;
    if (enters < 0) equal |= 1;
    const zero = (((equal & plus) + plus) ^ plus) | equal;
    let up = minus | ~(zero | plus);
    let down = plus & zero;
    steps[j] = up & last ? 1 : down & last ? -1 : 0;
    up = (up << 1) | (enters > 0 ? 1 : 0);
    down = (down << 1) | (enters < 0 ? 1 : 0);
    plus = down | ~(vertical | up);
    minus = up & vertical;
  }
}

function distanceOf(a: Uint32Array, b: Uint32Array): number {
  let start = 0;
  let endA = a.length;
  let endB = b.length;
  while (start < endA && start < endB && a[start] === b[start]) start++;
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) {
    endA--;
    endB--;
  }
  let pattern = a.subarray(start, endA);
  let text = b.subarray(start, endB);
  if (pattern.length > text.length) [pattern, text] = [text, pattern];
  if (pattern.length === 0) return text.length;
  const steps = new Int8Array(text.length).fill(1);
  const blocks = Math.ceil(pattern.length / WORD);
  for (let block = 0; block < blocks; block++) {
    const lastBit = block === blocks - 1 ? (pattern.length - 1) & 31 : 31;
    sweepBlock(positionMasks(pattern, block), text, steps, lastBit);
  }
  let distance = pattern.length;
  for (let j = 0; j < text.length; j++) distance += steps[j];
  return distance;
}

/**
 * Edit distance (insert, delete, replace cost 1) between code points: Myers' bit-parallel recurrence in blocks of
 * 32 rows (Myers 1999; Hyyro 2003). O(|a| |b| / 32) time, O(|a| + |b|) memory.
 */
export function levenshtein(a: string, b: string): number {
  return a === b ? 0 : distanceOf(codePoints(a), codePoints(b));
}

/** Edit distance of two sequences of symbol ids (token ids, path steps). Complexity as {@link levenshtein}. */
export function levenshteinSequences(a: Uint32Array, b: Uint32Array): number {
  return distanceOf(a, b);
}

/** 1 - distance / longer length, in [0, 1]; 1 for two empty strings. */
export function levenshteinSimilarity(a: string, b: string): number {
  const left = codePoints(a);
  const right = codePoints(b);
  const longest = Math.max(left.length, right.length);
  return longest === 0 ? 1 : 1 - distanceOf(left, right) / longest;
}
