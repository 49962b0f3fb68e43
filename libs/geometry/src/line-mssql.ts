import { GeometryError } from './geometry-error.js';
import { vertexCount, type LineZm } from './weight-line.js';

/**
 * SQL Server's own binary of a geometry value, as [MS-SSCLRT] 2.1 lays it out: SRID, version, property bits, points
 * as x y pairs, all z, all m, then figures and shapes (left out for a single segment). Little-endian throughout.
 */
const VERSION = 1;
const HAS_Z = 1;
const HAS_M = 2;
const IS_VALID = 4;
const IS_SEGMENT = 16;
const SHAPE_LINESTRING = 2;
const FIGURE_STROKE = 1;
const HEADER = 6;
/** NumFigures, one figure, NumShapes, one shape. */
const TAIL = 4 + 5 + 4 + 9;
/** Bits of the NaN that .NET writes for NULL. */
const NULL_HIGH = 0xfff80000;

/**
 * The value that `CAST(@bytes AS geometry)` reads. z (or m) is left out when every vertex lacks it. The valid bit is
 * set for lines whose vertices ascend by x, then y: such a line cannot cross itself, and weight lines are such. O(n).
 * @throws GeometryError WEIGHTLINE_BAD_SHAPE, MSSQL_TOO_SHORT (one vertex), MSSQL_NOT_FINITE (an x or y)
 */
export function lineToMssql(line: LineZm): Uint8Array {
  const n = vertexCount(line);
  const { coords } = line;
  if (n === 1) throw new GeometryError('MSSQL_TOO_SHORT', 'SQL Server takes lines of two points or more');
  for (let i = 0; i < n; i++) {
    if (!Number.isFinite(coords[4 * i]) || !Number.isFinite(coords[4 * i + 1])) {
      throw new GeometryError('MSSQL_NOT_FINITE', 'x and y must be finite', { vertex: i });
    }
  }
  const hasZ = hasOrdinate(coords, 2);
  const hasM = hasOrdinate(coords, 3);
  const segment = n === 2;
  const columns = 2 + (hasZ ? 1 : 0) + (hasM ? 1 : 0);
  const bytes = new Uint8Array(
    HEADER + (segment ? 0 : 4) + 8 * columns * n + (segment ? 0 : n === 0 ? TAIL - 5 : TAIL),
  );
  const view = new DataView(bytes.buffer);
  view.setInt32(0, line.srid, true);
  view.setUint8(4, VERSION);
  const valid = ascends(coords) ? IS_VALID : 0;
  view.setUint8(5, (hasZ ? HAS_Z : 0) | (hasM ? HAS_M : 0) | valid | (segment ? IS_SEGMENT : 0));
  let at = HEADER;
  if (!segment) {
    view.setInt32(at, n, true);
    at += 4;
  }
  for (let i = 0; i < n; i++, at += 16) {
    view.setFloat64(at, coords[4 * i], true);
    view.setFloat64(at + 8, coords[4 * i + 1], true);
  }
  if (hasZ) for (let i = 0; i < n; i++, at += 8) writeOrNull(view, at, coords[4 * i + 2]);
  if (hasM) for (let i = 0; i < n; i++, at += 8) writeOrNull(view, at, coords[4 * i + 3]);
  if (!segment) writeTail(view, at, n);
  return bytes;
}

/**
 * Reads a LINESTRING from SQL Server's binary (versions 1 and 2 without arcs); missing z and m become NaN. O(n).
 * @throws GeometryError MSSQL_TRUNCATED, MSSQL_TRAILING_BYTES, MSSQL_BAD_VERSION, MSSQL_NOT_A_LINE
 */
export function lineFromMssql(bytes: Uint8Array): LineZm {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER) throw new GeometryError('MSSQL_TRUNCATED', 'shorter than a header');
  const version = view.getUint8(4);
  if (version !== 1 && version !== 2)
    throw new GeometryError('MSSQL_BAD_VERSION', 'version is 1 or 2', { version });
  const bits = view.getUint8(5);
  const segment = (bits & IS_SEGMENT) !== 0;
  if ((bits & 8) !== 0) throw new GeometryError('MSSQL_NOT_A_LINE', 'a single point', { bits });
  if (!segment && bytes.length < HEADER + 4) throw new GeometryError('MSSQL_TRUNCATED', 'no vertex count');
  const n = segment ? 2 : view.getUint32(HEADER, true);
  const from = segment ? HEADER : HEADER + 4;
  const hasZ = (bits & HAS_Z) !== 0;
  const hasM = (bits & HAS_M) !== 0;
  const end = from + 8 * (2 + (hasZ ? 1 : 0) + (hasM ? 1 : 0)) * n;
  if (bytes.length < end) throw new GeometryError('MSSQL_TRUNCATED', 'vertices are missing', { vertices: n });
  const tail = segment ? 0 : readTail(view, end, n, version);
  if (bytes.length !== end + tail)
    throw new GeometryError('MSSQL_TRAILING_BYTES', 'bytes after the line', { end });
  const coords = new Float64Array(4 * n).fill(NaN);
  for (let i = 0; i < n; i++) {
    coords[4 * i] = view.getFloat64(from + 16 * i, true);
    coords[4 * i + 1] = view.getFloat64(from + 16 * i + 8, true);
    if (hasZ) coords[4 * i + 2] = view.getFloat64(from + 16 * n + 8 * i, true);
    if (hasM) coords[4 * i + 3] = view.getFloat64(from + (hasZ ? 24 : 16) * n + 8 * i, true);
  }
  return { srid: view.getInt32(0, true), coords };
}

function hasOrdinate(coords: Float64Array, which: number): boolean {
  for (let i = which; i < coords.length; i += 4) if (coords[i] === coords[i]) return true;
  return false;
}

function ascends(coords: Float64Array): boolean {
  for (let i = 4; i < coords.length; i += 4) {
    const step = coords[i] - coords[i - 4] || coords[i + 1] - coords[i - 3];
    if (!(step > 0)) return false;
  }
  return true;
}

function writeOrNull(view: DataView, at: number, value: number): void {
  if (value === value) {
    view.setFloat64(at, value, true);
  } else {
    view.setUint32(at, 0, true);
    view.setUint32(at + 4, NULL_HIGH, true);
  }
}

function writeTail(view: DataView, from: number, n: number): void {
  const figures = n === 0 ? 0 : 1;
  view.setInt32(from, figures, true);
  let at = from + 4;
  if (figures === 1) {
    view.setUint8(at, FIGURE_STROKE);
    view.setInt32(at + 1, 0, true);
    at += 5;
  }
  view.setInt32(at, 1, true);
  view.setInt32(at + 4, -1, true);
  view.setInt32(at + 8, figures === 0 ? -1 : 0, true);
  view.setUint8(at + 12, SHAPE_LINESTRING);
}

/** Checks figures and shapes; returns their length in bytes. */
function readTail(view: DataView, from: number, n: number, version: number): number {
  const figures = n === 0 ? 0 : 1;
  const length = TAIL - (figures === 0 ? 5 : 0);
  // Version 2 may end with a count of arc segments, which a plain line has none of.
  const extra = version === 2 && view.byteLength === from + length + 4 ? 4 : 0;
  if (view.byteLength < from + length)
    throw new GeometryError('MSSQL_TRUNCATED', 'figures or shapes are missing');
  const shapes = from + 4 + 5 * figures;
  const oneLine =
    view.getInt32(from, true) === figures &&
    (figures === 0 || view.getUint8(from + 4) <= FIGURE_STROKE) &&
    view.getInt32(shapes, true) === 1 &&
    view.getUint8(shapes + 12) === SHAPE_LINESTRING;
  if (!oneLine) throw new GeometryError('MSSQL_NOT_A_LINE', 'not one plain LINESTRING');
  return length + extra;
}
