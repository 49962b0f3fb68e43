/** Views and copies between typed arrays and the bytes that are stored; little-endian, as every supported host is. */
export function bytesOf(array: Float64Array | Float32Array | Uint32Array | Int32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** Copies, so that any alignment will do. A Buffer's own `slice` would not, and show the pool that it lies in. */
export function toFloat64(bytes: Uint8Array): Float64Array {
  return new Float64Array(new Uint8Array(bytes).buffer);
}

export function toUint32(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(new Uint8Array(bytes).buffer);
}
