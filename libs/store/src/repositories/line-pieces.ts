import { HartoError } from '@hartonomous/contracts';
import type { LinePiece, PieceStatistics, WeightRange } from '../port/layers.js';
import { stride } from './line-wkb.js';

/** Vertices of one piece: 2 MiB of coordinates. */
const verticesMax = 65_536;

const invalid = (pieceNo: number, what: string): HartoError =>
  new HartoError('INPUT_INVALID', `piece ${pieceNo} of a weight line: ${what}`);

/**
 * Checks a piece and measures what it holds. Indices ascend within and across pieces (`after` is the last one before)
 * and stay below `elements`; a lone weight is two equal vertices.
 */
export function measurePiece(
  piece: LinePiece,
  pieceNo: number,
  after: number,
  elements: number,
): PieceStatistics {
  const vertices = piece.length / stride;
  if (!Number.isInteger(vertices) || vertices < 2 || vertices > verticesMax) {
    throw invalid(pieceNo, `2 to ${verticesMax} vertices of four numbers are a line`);
  }
  const lone = vertices === 2 && piece[0] === piece[stride] && piece[1] === piece[stride + 1];
  let last = after;
  const weight = { low: Infinity, high: -Infinity };
  const importance = { low: Infinity, high: -Infinity };
  for (let at = 0; at < piece.length; at += stride) {
    const x = piece[at];
    const y = piece[at + 1];
    const z = piece[at + 2];
    if (!Number.isSafeInteger(x) || x >= elements)
      throw invalid(pieceNo, `index ${x} of ${elements} elements`);
    if (x <= last && !(lone && at > 0)) throw invalid(pieceNo, `index ${x} does not follow ${last}`);
    if (!Number.isFinite(y)) throw invalid(pieceNo, `the weight at ${x} is not finite`);
    if (Math.abs(z) === Infinity || Math.abs(piece[at + 3]) === Infinity) {
      throw invalid(pieceNo, `importance or time at ${x} is infinite`);
    }
    last = x;
    widen(weight, y);
    if (z === z) widen(importance, z);
  }
  const known = importance.low <= importance.high;
  return {
    pieceNo,
    vertices,
    indexMin: piece[0],
    indexMax: last,
    weightMin: weight.low,
    weightMax: weight.high,
    importanceMin: known ? importance.low : null,
    importanceMax: known ? importance.high : null,
  };
}

function widen(span: { low: number; high: number }, value: number): void {
  if (value < span.low) span.low = value;
  if (value > span.high) span.high = value;
}

/** Is the vertex in the range? A missing importance is in no range that binds it. */
function inRange(piece: LinePiece, at: number, r: WeightRange): boolean {
  const z = piece[at + 2];
  return (
    piece[at] >= (r.indexMin ?? -Infinity) &&
    piece[at] <= (r.indexMax ?? Infinity) &&
    piece[at + 1] >= (r.weightMin ?? -Infinity) &&
    piece[at + 1] <= (r.weightMax ?? Infinity) &&
    (r.importanceMin === undefined || z >= r.importanceMin) &&
    (r.importanceMax === undefined || z <= r.importanceMax)
  );
}

/** Appends the vertices of the range to `to`, a lone weight once. */
export function selectVertices(piece: LinePiece, range: WeightRange, to: number[]): void {
  const lone = piece.length === 2 * stride && piece[0] === piece[stride];
  for (let at = 0; at < (lone ? stride : piece.length); at += stride) {
    if (inRange(piece, at, range)) for (let i = 0; i < stride; i++) to.push(piece[at + i]);
  }
}

/** The vertices at these positions. @throws HartoError INPUT_INVALID unless they ascend from the first to the last */
export function pickVertices(piece: LinePiece, keep: ArrayLike<number>): LinePiece {
  const last = piece.length / stride - 1;
  const picked = new Float64Array(keep.length * stride);
  for (let i = 0; i < keep.length; i++) {
    const position = keep[i];
    const follows = Number.isInteger(position) && position > (i === 0 ? -1 : keep[i - 1]) && position <= last;
    if (!follows || (i === 0 && position !== 0) || (i === keep.length - 1 && position !== last)) {
      throw new HartoError('INPUT_INVALID', 'a simplification keeps both ends and ascends between them');
    }
    picked.set(piece.subarray(position * stride, (position + 1) * stride), i * stride);
  }
  return picked;
}
