import { HartoError } from '@hartonomous/contracts';

/**
 * The one form in which lines stand in the store: ISO 13249-3 well-known binary, little-endian, LINESTRING ZM. Other
 * forms are the geometry library's.
 */
const headerBytes = 9;
const typeLineStringZm = 3002;
const littleEndian = 1;
export const stride = 4;

/** Vertices (x, y, z, m each) -> bytes. */
export function toWkb(coords: Float64Array): Buffer {
  const bytes = Buffer.allocUnsafe(headerBytes + 8 * coords.length);
  bytes.writeUInt8(littleEndian, 0);
  bytes.writeUInt32LE(typeLineStringZm, 1);
  bytes.writeUInt32LE(coords.length / stride, 5);
  for (let i = 0; i < coords.length; i++) bytes.writeDoubleLE(coords[i], headerBytes + 8 * i);
  return bytes;
}

/** @throws HartoError STORE_CORRUPT for anything but what `toWkb` writes */
export function fromWkb(bytes: Buffer): Float64Array {
  const vertices = bytes.length < headerBytes ? 0 : bytes.readUInt32LE(5);
  if (
    vertices < 2 ||
    bytes.readUInt8(0) !== littleEndian ||
    bytes.readUInt32LE(1) !== typeLineStringZm ||
    bytes.length !== headerBytes + 8 * stride * vertices
  ) {
    throw new HartoError('STORE_CORRUPT', 'a weight line is no little-endian LINESTRING ZM');
  }
  const coords = new Float64Array(stride * vertices);
  for (let i = 0; i < coords.length; i++) coords[i] = bytes.readDoubleLE(headerBytes + 8 * i);
  return coords;
}
