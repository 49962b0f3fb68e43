import { actionModes, actionStates, hypothesisTypes } from '@hartonomous/contracts';
import { z } from 'zod';

/** What comes in over HTTP. The OpenAPI document is made from the same schemas. */
export const listQuery = z.object({ limit: z.coerce.number().int().min(1).max(500).default(50) });
export const actionsQuery = listQuery.extend({
  state: z.enum(actionStates).optional(),
  type: z.enum(hypothesisTypes).optional(),
  cycleId: z.uuid().optional(),
});
export const idParameter = z.uuid();
export const typeParameter = z.enum(hypothesisTypes);
export const traceParameter = z.string().regex(/^[0-9a-f]{32}$/, 'a trace id has 32 hex digits');
export const cycleBody = z.strictObject({ scope: z.enum(['full', 'incremental']).default('incremental') });
export const decisionBody = z.strictObject({
  decision: z.enum(['approve', 'reject', 'revert']),
  /** The plan the person saw; approving needs it. */
  planHash: z.string().length(64).optional(),
  /** The API key, entered again: what a console session needs to approve an action of class D. */
  key: z.string().max(100).optional(),
});
export const modeBody = z.strictObject({ mode: z.enum(actionModes) });
export const killSwitchBody = z.strictObject({ on: z.boolean(), reason: z.string().trim().min(3).max(300) });
