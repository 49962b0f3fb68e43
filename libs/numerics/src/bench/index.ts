import { dbscanBench, lofBench } from './clustering.js';
import { clampedBench, gradientsBench, scanBench, svdBench } from './kernels.js';
import type { Bench } from './measure.js';

export type { Bench, BenchRow } from './measure.js';

export const benches: Bench[] = [dbscanBench, lofBench, svdBench, gradientsBench, clampedBench, scanBench];
