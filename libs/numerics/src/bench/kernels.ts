import { createRequire } from 'node:module';
import { updateClamped, updateClampedComposed, type ClampedSamples } from '../clamped-update.js';
import { gradientStatistics } from '../gradient-statistics.js';
import { multiplyF32 } from '../matrix-product.js';
import { createRng } from '../random.js';
import { truncatedSvd } from '../truncated-svd.js';
import { createDotScan, createHammingScan, createInt8Scan, packSigns } from '../vector-scan.js';
import { normalFloats } from './distributions.js';
import { compare, cpuMs, npmVersion, type Bench, type BenchRow, type Peer } from './measure.js';
import { startPythonPeer } from './python-peer.js';

const SIDE = 1024;
const RANK = 64;
const POWER_ITERATIONS = 1;

interface MlMatrix {
  Matrix: {
    new (rows: number, cols: number): object;
    from1DArray(r: number, c: number, values: Float32Array): object;
  };
  SingularValueDecomposition: new (matrix: object) => { diagonal: number[] };
}

function mlMatrix(matrix: Float32Array): Peer {
  const name = 'ml-matrix (full SVD)';
  try {
    const load = createRequire(import.meta.url);
    const { Matrix, SingularValueDecomposition } = load('ml-matrix') as MlMatrix;
    const values = Matrix.from1DArray(SIDE, SIDE, matrix);
    const run = (): number => cpuMs(() => new SingularValueDecomposition(values));
    return { name, run, runs: 1, versions: { 'ml-matrix': npmVersion('ml-matrix') } };
  } catch (error) {
    return { name, run: () => 0, skipped: (error as Error).message };
  }
}

export const svdBench: Bench = {
  name: 'svd',
  async run() {
    const matrix = normalFloats(SIDE * SIDE);
    const decompose = (precision: 'f32' | 'f64') => (): unknown =>
      truncatedSvd(matrix, SIDE, SIDE, RANK, {
        rng: createRng(1),
        powerIterations: POWER_ITERATIONS,
        precision,
      });
    const numpy = (): Promise<Peer> =>
      startPythonPeer('numpy randomised f32', {
        name: 'svd',
        points: new Float64Array(matrix),
        dim: SIDE,
        parameters: [RANK, POWER_ITERATIONS],
      });
    const label = `r = ${RANK} of ${SIDE}^2`;
    return [
      await compare({
        bench: 'svd',
        case: `${label} f32`,
        ours: decompose('f32'),
        peer: await numpy(),
        target: 3,
      }),
      await compare({ bench: 'svd', case: `${label} f64`, ours: decompose('f64'), peer: await numpy() }),
      await compare({
        bench: 'svd',
        case: label,
        ours: decompose('f32'),
        peer: mlMatrix(matrix),
        target: 0.01,
      }),
    ];
  },
};

export const gradientsBench: Bench = {
  name: 'gradients',
  async run() {
    const gradients = normalFloats(10_000 * 768);
    const points = new Float64Array(gradients);
    const peer = await startPythonPeer('numpy', { name: 'gradients', points, dim: 768, parameters: [0, 0] });
    const ours = (): unknown => gradientStatistics(gradients, 768);
    return [await compare({ bench: 'gradients', case: '10,000 x 768 f32', ours, peer, target: 3 })];
  },
};

const ATOMS = 1_000_000;
const SAMPLES = 1000;
const RATE = 0.01;
/** The plain loop takes seconds: it runs this often, and all rows are compared with the same runs. */
const PLAIN_RUNS = 3;

/** The plain loop: positions (x, y, z) in one Float64Array, every sample over every atom, clamped to the map's box. */
function plainLoop(positions: Float64Array, targets: Float64Array, rate: number): void {
  for (let s = 0; s < targets.length; s += 3) {
    const tx = targets[s];
    const ty = targets[s + 1];
    const tz = targets[s + 2];
    for (let i = 0; i < positions.length; i += 3) {
      let p = positions[i] + rate * (tx - positions[i]);
      positions[i] = p < 0 ? 0 : p > 100 ? 100 : p;
      p = positions[i + 1] + rate * (ty - positions[i + 1]);
      positions[i + 1] = p < 0 ? 0 : p > 100 ? 100 : p;
      p = positions[i + 2] + rate * (tz - positions[i + 2]);
      positions[i + 2] = p < -10 ? -10 : p > 10 ? 10 : p;
    }
  }
}

export const clampedBench: Bench = {
  name: 'clamped',
  async run() {
    const rng = createRng(1);
    const targets = Float64Array.from({ length: 3 * SAMPLES }, (_, at) =>
      at % 3 === 2 ? 20 * rng() - 10 : 100 * rng(),
    );
    const samples: ClampedSamples = {
      dim: 3,
      slopes: new Float64Array(SAMPLES).fill(1 - RATE),
      offsets: targets.map((target) => RATE * target),
      lo: Float64Array.of(0, 0, -10),
      hi: Float64Array.of(100, 100, 10),
    };
    const doubles = [0, 1, 2].map(() => Float64Array.from({ length: ATOMS }, () => 100 * rng()));
    const floats = doubles.map((axis) => new Float32Array(axis));
    const positions = Float64Array.from(
      { length: 3 * ATOMS },
      (_, at) => doubles[at % 3][Math.floor(at / 3)],
    );
    plainLoop(positions, targets.subarray(0, 60), RATE);
    const measured: number[] = [];
    let at = 0;
    const run = (): number =>
      (measured[at++ % PLAIN_RUNS] ??= cpuMs(() => plainLoop(positions, targets, RATE)));
    const peer: Peer = { name: 'plain Float64Array loop', run, runs: PLAIN_RUNS };
    const row = (name: string, ours: () => unknown, target: number): Promise<BenchRow> =>
      compare({ bench: 'clamped', case: `1 M atoms x 1000 samples, ${name}`, ours, peer, target });
    return [
      await row('f32x4', () => updateClamped(floats, samples), 0.35),
      await row('f64x2', () => updateClamped(doubles, samples), 0.35),
      await row('shared samples composed', () => updateClampedComposed(doubles, samples), 0.012),
    ];
  },
};

const ROWS = 100_000;
const DIM = 768;

function naiveScan(table: Float32Array, query: Float32Array, out: Float32Array): void {
  for (let r = 0; r < out.length; r++) {
    let sum = 0;
    for (let i = 0; i < DIM; i++) sum += query[i] * table[r * DIM + i];
    out[r] = sum;
  }
}

export const scanBench: Bench = {
  name: 'scan',
  async run() {
    const table = normalFloats(ROWS * DIM);
    const query = table.slice(0, DIM);
    const out = new Float32Array(ROWS);
    const counts = new Int32Array(ROWS);
    const naive = (): Peer => ({
      name: 'naive JS f32',
      run: () => cpuMs(() => naiveScan(table, query, out)),
      runs: 5,
    });
    const bench = 'scan';
    const shape = '100 k x 768';
    const dot = createDotScan(table, DIM);
    const rows = [
      await compare({ bench, case: `${shape} dot f32`, ours: () => dot.scores(query, out), peer: naive() }),
    ];
    const points = new Float64Array(table.subarray(0, 20_000 * DIM));
    const numpy = await startPythonPeer('numpy', { name: 'dot', points, dim: DIM, parameters: [0, 0] });
    const part = createDotScan(table.subarray(0, 20_000 * DIM), DIM);
    rows.push(
      await compare({ bench, case: '20 k x 768 dot f32', ours: () => part.scores(query), peer: numpy }),
    );
    const bytes = Int8Array.from(table, (x) => Math.max(-127, Math.min(127, Math.round(32 * x))));
    const int8 = createInt8Scan(bytes, DIM);
    const byteQuery = bytes.slice(0, DIM);
    rows.push(
      await compare({
        bench,
        case: `${shape} dot int8`,
        ours: () => int8.scores(byteQuery, counts),
        peer: naive(),
      }),
    );
    const bits = packSigns(table, DIM);
    const hamming = createHammingScan(bits, DIM / 8);
    const bitQuery = bits.slice(0, DIM / 8);
    rows.push(
      await compare({
        bench,
        case: `${shape} Hamming`,
        ours: () => hamming.scores(bitQuery, counts),
        peer: naive(),
      }),
    );
    const square = table.slice(0, 512 * 512);
    const gemm = await startPythonPeer('numpy (AVX)', {
      name: 'gemm',
      points: new Float64Array(square),
      dim: 512,
      parameters: [0, 0],
    });
    const ours = (): unknown => multiplyF32(square, square, 512, 512, 512);
    rows.push(await compare({ bench, case: '512^3 product f32', ours, peer: gemm }));
    return rows;
  },
};
