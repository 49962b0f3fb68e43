export { startCluster } from './cluster.js';
export type { Cluster, ClusterOptions } from './cluster.js';
export type { Exit } from './engine-process.js';
export type { Durability } from './settings.js';
export { EngineStartError } from './engine-start-error.js';
export { livingOwner, takeOwnership } from './owner-lock.js';
export { findData } from './place.js';
