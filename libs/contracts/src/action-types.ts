import type { ActionClass, Design, HypothesisType } from './enums.js';

/** What an executor declares of itself; the catalogue lists built types only. */
export interface ActionTypeInfo {
  actionClass: ActionClass;
  design: Design;
  blastRadius: string;
  undoTime: string;
  /**
   * What is changed, for conflict locks: one unverified action per scope. An online index build waits for every older
   * transaction, replays of another index included: one index at a time.
   */
  scope: 'schema' | 'answers' | 'concepts' | 'none';
  targetClass: string;
}

/**
 * Types whose executor exists. A type that is not here is reported `unavailable` by name, whatever is observed.
 */
export const builtActionTypes: Partial<Record<HypothesisType, ActionTypeInfo>> = {
  IndexOptimization: {
    actionClass: 'B',
    design: 'replay',
    blastRadius: 'one table: disk space, and the time of its writes',
    undoTime: 'under a minute (the index is dropped online)',
    scope: 'schema',
    targetClass: 'index',
  },
  QueryRegression: {
    actionClass: 'B',
    design: 'replay',
    blastRadius: 'plans of statements on one table',
    undoTime: 'under a minute (the saved statistics are restored)',
    scope: 'schema',
    targetClass: 'statistics',
  },
  CacheWarming: {
    actionClass: 'A',
    design: 'matched-key-pairs',
    blastRadius: 'cached answers of the named request keys',
    undoTime: 'at once (the answers are removed)',
    scope: 'answers',
    targetClass: 'answers',
  },
  ConceptDiscovery: {
    actionClass: 'A',
    design: 'held-out',
    blastRadius: 'concepts of the named atoms',
    undoTime: 'at once (the concepts are removed)',
    scope: 'concepts',
    targetClass: 'concept',
  },
  Placebo: {
    actionClass: 'A',
    design: 'replay',
    blastRadius: 'none',
    undoTime: 'at once (nothing was changed)',
    scope: 'none',
    targetClass: 'placebo',
  },
};
