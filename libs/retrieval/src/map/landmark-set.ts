import { HartoError } from '@hartonomous/contracts';
import type { LandmarkMds, VectorScan } from '@hartonomous/numerics';
import {
  createDotScan,
  createRng,
  fitLandmarkMds,
  kMeansPlusPlus,
  placeByLandmarks,
  quantiles,
} from '@hartonomous/numerics';

/** Landmarks of a set; fewer only where there are fewer vectors. */
export const LANDMARKS = 256;
/** Dimensions kept; the first two are laid out as x and y. */
export const MAP_DIMENSIONS_KEPT = 32;

/** Frozen with the set: map = offset + scale * coordinate, one scale for both axes. */
export interface MapAffine {
  scale: number;
  offsetX: number;
  offsetY: number;
}

/** What places vectors of one embedding model on the map; plain data, stored with its version. */
export interface LandmarkData {
  dimensions: number;
  /** Unit vectors, landmarks x dimensions. */
  vectors: Float32Array;
  mds: LandmarkMds;
  affine: MapAffine;
}

/** Share of the landmarks at each end that may lie outside the inner box. */
const OUTER_SHARE = 0.005;
const INNER_FROM = 5;
const INNER_TO = 95;
const MAP_SIDE = 100;

/** Euclidean distance of unit vectors from their cosine. */
const distanceOf = (cosine: number): number => Math.sqrt(Math.max(0, 2 - 2 * cosine));

/**
 * Chooses landmarks by k-means++ seeding (Arthur & Vassilvitskii 2007) and lays them out by classical MDS (de Silva &
 * Tenenbaum 2004). Farthest-first finds outliers in hashed vectors, almost all of which are far from each other: its
 * map kept half as many neighbours.
 * @param vectors unit rows, in an order that depends on nothing but their content
 * @throws HartoError INPUT_INVALID when there are no vectors
 */
export function fitLandmarks(vectors: Float32Array, dimensions: number, seed: number): LandmarkData {
  if (vectors.length === 0) throw new HartoError('INPUT_INVALID', 'a map needs at least one vector');
  const chosen = kMeansPlusPlus(vectors, dimensions, LANDMARKS, createRng(seed));
  const landmarks = new Float32Array(chosen.length * dimensions);
  chosen.forEach((index, l) =>
    landmarks.set(vectors.subarray(index * dimensions, (index + 1) * dimensions), l * dimensions),
  );
  const mds = fitLandmarkMds(pairDistances(landmarks, dimensions), chosen.length, MAP_DIMENSIONS_KEPT);
  return { dimensions, vectors: landmarks, mds, affine: fitAffine(mds) };
}

function pairDistances(vectors: Float32Array, dimensions: number): Float64Array {
  const n = vectors.length / dimensions;
  const scan = createDotScan(vectors, dimensions);
  const distances = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const cosines = scan.scores(vectors.subarray(i * dimensions, (i + 1) * dimensions));
    for (let j = 0; j < n; j++) if (j !== i) distances[i * n + j] = distanceOf(cosines[j]);
  }
  return distances;
}

/** One scale for both axes: the landmarks' 0.5-99.5 % range of the wider axis fills [5, 95], both are centred. */
function fitAffine(mds: LandmarkMds): MapAffine {
  const range = (axis: number): [number, number] => {
    const values = Float64Array.from(
      { length: mds.landmarks },
      (_, i) => mds.coordinates[i * mds.dims + axis],
    );
    const [low, high] = quantiles(values, [OUTER_SHARE, 1 - OUTER_SHARE]);
    return [low, high];
  };
  const [lowX, highX] = range(0);
  const [lowY, highY] = range(1);
  const widest = Math.max(highX - lowX, highY - lowY);
  const scale = widest > 0 ? (INNER_TO - INNER_FROM) / widest : 0;
  const middle = MAP_SIDE / 2;
  return {
    scale,
    offsetX: middle - (scale * (lowX + highX)) / 2,
    offsetY: middle - (scale * (lowY + highY)) / 2,
  };
}

export interface MapPlace {
  x: number;
  y: number;
  /** The point lay outside the map and was brought to its edge. */
  clamped: boolean;
}

/** Places unit vectors by their distances to the landmarks. Holds the landmarks in scan memory. */
export class MapPlacer {
  private readonly scan: VectorScan<Float32Array, Float32Array>;
  private readonly planar: LandmarkMds;
  private readonly cosines: Float32Array;
  private readonly distances: Float64Array;

  constructor(private readonly data: LandmarkData) {
    const { mds, vectors, dimensions } = data;
    this.scan = createDotScan(vectors, dimensions);
    this.planar = { ...mds, dims: 2, projection: mds.projection.slice(0, 2 * mds.landmarks) };
    this.cosines = new Float32Array(mds.landmarks);
    this.distances = new Float64Array(mds.landmarks);
  }

  place(vector: Float32Array): MapPlace {
    this.scan.scores(vector, this.cosines);
    for (let l = 0; l < this.distances.length; l++) this.distances[l] = distanceOf(this.cosines[l]);
    const [first, second] = placeByLandmarks(this.planar, this.distances);
    const { scale, offsetX, offsetY } = this.data.affine;
    const x = offsetX + scale * first;
    const y = offsetY + scale * second;
    const clamped = x < 0 || x > MAP_SIDE || y < 0 || y > MAP_SIDE;
    return { x: Math.min(MAP_SIDE, Math.max(0, x)), y: Math.min(MAP_SIDE, Math.max(0, y)), clamped };
  }
}

const MAGIC = 0x4b4d4c48;
const FORMAT = 1;
const HEADER_BYTES = 20;

/** Canonical little-endian bytes: header, landmark vectors (float32), MDS and affine (float64). */
export function encodeLandmarks(data: LandmarkData): Buffer {
  const { mds, vectors, affine } = data;
  const doubles = [mds.coordinates, mds.eigenvalues, mds.projection, mds.meanSquared];
  const tail = [affine.scale, affine.offsetX, affine.offsetY];
  const count = doubles.reduce((sum, part) => sum + part.length, tail.length);
  const bytes = Buffer.alloc(HEADER_BYTES + vectors.length * 4 + count * 8);
  let at = 0;
  for (const word of [MAGIC, FORMAT, mds.landmarks, data.dimensions, mds.dims])
    at = bytes.writeUInt32LE(word, at);
  for (const value of vectors) at = bytes.writeFloatLE(value, at);
  for (const part of [...doubles, tail]) for (const value of part) at = bytes.writeDoubleLE(value, at);
  return bytes;
}

/** @throws HartoError STORE_CORRUPT when the bytes are not a landmark set of this format */
export function decodeLandmarks(bytes: Buffer): LandmarkData {
  if (bytes.length < HEADER_BYTES) throw corrupt('too short');
  const [magic, format, landmarks, dimensions, dims] = [0, 4, 8, 12, 16].map((at) => bytes.readUInt32LE(at));
  if (magic !== MAGIC || format !== FORMAT) throw corrupt('unknown format');
  if (landmarks > 4096 || dimensions > 16_384 || dims > 256) throw corrupt('sizes out of bounds');
  const counts = [landmarks * dims, dims, dims * landmarks, landmarks, 3];
  const expected = HEADER_BYTES + landmarks * dimensions * 4 + counts.reduce((sum, n) => sum + n, 0) * 8;
  if (bytes.length !== expected) throw corrupt('wrong length');
  let at = HEADER_BYTES;
  const vectors = new Float32Array(landmarks * dimensions);
  for (let i = 0; i < vectors.length; i++, at += 4) vectors[i] = bytes.readFloatLE(at);
  const [coordinates, eigenvalues, projection, meanSquared, tail] = counts.map((n) => {
    const part = new Float64Array(n);
    for (let i = 0; i < n; i++, at += 8) part[i] = bytes.readDoubleLE(at);
    return part;
  });
  const mds = { dims, landmarks, coordinates, eigenvalues, projection, meanSquared };
  return { dimensions, vectors, mds, affine: { scale: tail[0], offsetX: tail[1], offsetY: tail[2] } };
}

const corrupt = (why: string): HartoError =>
  new HartoError('STORE_CORRUPT', `the stored landmark set is damaged: ${why}`);
