import { curvesBench } from './curves.js';
import type { Bench } from './measure.js';
import { neighboursBenches } from './neighbours.js';
import { shapesBench } from './shapes.js';

export type { Bench, BenchRow } from './measure.js';

export const benches: Bench[] = [...neighboursBenches, curvesBench, shapesBench];
