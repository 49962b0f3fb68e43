import type { HypothesisType } from '@hartonomous/contracts';
import { cacheWarming } from './cache-warming.js';
import type { Executor } from './executor.js';
import { concepts } from './concepts.js';
import { indexOptimization } from './index-optimization.js';
import { queryRegression } from './query-regression.js';
import { placebo } from './placebo.js';

/** Executors by type; its keys must equal `builtActionTypes`, which a test holds. */
export const executors: Partial<Record<HypothesisType, Executor>> = {
  IndexOptimization: indexOptimization,
  QueryRegression: queryRegression,
  CacheWarming: cacheWarming,
  ConceptDiscovery: concepts,
  Placebo: placebo,
};
