import { GeometryError } from './geometry-error.js';
import { vertexCount, type LineZm } from './weight-line.js';

/** ISO 13249-3 writes LINESTRING ZM as type 3002; PostGIS's extended form as 2 with flags, and can carry the SRID. */
export type WkbFlavour = 'iso' | 'extended';

const LINESTRING = 2;
const EXTENDED_Z = 0x80000000;
const EXTENDED_M = 0x40000000;
const EXTENDED_SRID = 0x20000000;

/**
 * Well-known binary of a line, little-endian. `iso` drops the SRID; `extended` writes it unless 0. O(n).
 * @throws GeometryError WEIGHTLINE_BAD_SHAPE
 */
export function lineToWkb(line: LineZm, flavour: WkbFlavour = 'iso'): Uint8Array {
  const n = vertexCount(line);
  const withSrid = flavour === 'extended' && line.srid !== 0;
  const header = withSrid ? 13 : 9;
  const bytes = new Uint8Array(header + 32 * n);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 1);
  const extended = (EXTENDED_Z + EXTENDED_M + LINESTRING + (withSrid ? EXTENDED_SRID : 0)) >>> 0;
  view.setUint32(1, flavour === 'iso' ? 3000 + LINESTRING : extended, true);
  if (withSrid) view.setUint32(5, line.srid, true);
  view.setUint32(header - 4, n, true);
  for (let i = 0; i < 4 * n; i++) view.setFloat64(header + 8 * i, line.coords[i], true);
  return bytes;
}

/**
 * Reads a LINESTRING with or without Z and M, ISO or extended, either byte order; missing ordinates become NaN. O(n).
 * @throws GeometryError WKB_TRUNCATED, WKB_BAD_BYTE_ORDER, WKB_NOT_A_LINE (with the type), WKB_TRAILING_BYTES
 */
export function lineFromWkb(bytes: Uint8Array): LineZm {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 9)
    throw new GeometryError('WKB_TRUNCATED', 'shorter than a header', { length: bytes.length });
  const order = view.getUint8(0);
  if (order > 1) throw new GeometryError('WKB_BAD_BYTE_ORDER', 'byte order is 0 or 1', { order });
  const little = order === 1;
  const type = view.getUint32(1, little);
  const plain = type & 0x1fffffff;
  const thousands = Math.floor(plain / 1000);
  if (plain % 1000 !== LINESTRING || thousands > 3) {
    throw new GeometryError('WKB_NOT_A_LINE', 'only LINESTRING is read', { type });
  }
  const hasZ = (type & EXTENDED_Z) !== 0 || thousands === 1 || thousands === 3;
  const hasM = (type & EXTENDED_M) !== 0 || thousands === 2 || thousands === 3;
  const hasSrid = (type & EXTENDED_SRID) !== 0;
  const header = hasSrid ? 13 : 9;
  const stride = 2 + (hasZ ? 1 : 0) + (hasM ? 1 : 0);
  const n = bytes.length < header ? Infinity : view.getUint32(header - 4, little);
  const expected = header + 8 * stride * n;
  if (bytes.length < expected)
    throw new GeometryError('WKB_TRUNCATED', 'vertices are missing', { vertices: n });
  if (bytes.length > expected)
    throw new GeometryError('WKB_TRAILING_BYTES', 'bytes after the line', { expected });
  const coords = new Float64Array(4 * n).fill(NaN);
  for (let i = 0; i < n; i++) {
    const at = header + 8 * stride * i;
    coords[4 * i] = view.getFloat64(at, little);
    coords[4 * i + 1] = view.getFloat64(at + 8, little);
    if (hasZ) coords[4 * i + 2] = view.getFloat64(at + 16, little);
    if (hasM) coords[4 * i + 3] = view.getFloat64(at + (hasZ ? 24 : 16), little);
  }
  return { srid: hasSrid ? view.getUint32(5, little) : 0, coords };
}
