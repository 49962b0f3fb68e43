export { controllerFor, hops } from './hops.js';
export type { Hop } from './hops.js';
export { restOf } from './rest-of.js';
