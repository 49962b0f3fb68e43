import type { ActionClass, ActionMode } from '@hartonomous/contracts';

/** Auto for what is reversible, verified and undone by itself; Approve for resources, data, code and deletion. */
export const defaultModeOf = (actionClass: ActionClass): ActionMode =>
  actionClass === 'A' || actionClass === 'B' ? 'Auto' : 'Approve';
