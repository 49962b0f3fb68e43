import type { ActionRow } from '@hartonomous/store';
import { conceptDiscovery } from './concept-discovery.js';
import { conceptUpdate, isUpdate } from './concept-update.js';
import type { Executor } from './executor.js';

const of = ({ parameters }: Pick<ActionRow, 'parameters'>): Executor =>
  isUpdate(parameters) ? conceptUpdate : conceptDiscovery;

/** New concepts over groups of atoms, and kept ones that go on without some of theirs. */
export const concepts: Executor = {
  prepare: (deps, tenantId, hypothesis) => of(hypothesis.candidate).prepare(deps, tenantId, hypothesis),
  apply: (deps, tenantId, action) => of(action).apply(deps, tenantId, action),
  collect: (deps, tenantId, action, blockNo, known) =>
    of(action).collect(deps, tenantId, action, blockNo, known),
  remeasurable: (action) => of(action).remeasurable(action),
  keep: (tx, action) => of(action).keep(tx, action),
  revert: (deps, tenantId, action) => of(action).revert(deps, tenantId, action),
  stateHash: (deps, tenantId, action) => of(action).stateHash(deps, tenantId, action),
};
