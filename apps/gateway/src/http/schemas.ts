import { actionModes, actionStates, hypothesisTypes } from '@hartonomous/contracts';
import { z } from 'zod';

/** What comes in over HTTP. The OpenAPI document is made from the same schemas. */
export const listQuery = z.object({ limit: z.coerce.number().int().min(1).max(500).default(50) });
export const actionsQuery = listQuery.extend({
  state: z.enum(actionStates).optional(),
  type: z.enum(hypothesisTypes).optional(),
  cycleId: z.uuid().optional(),
});
const reference = z.string().trim().min(1).max(300);
export const searchQuery = z.strictObject({
  /** A version's id, an alias, `name@version` or `name@alias`. */
  model: reference.optional(),
  /** Places and aliases as they were then. */
  asOf: z.iso.datetime({ offset: true }).optional(),
});
export const aliasParameter = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,99}$/, 'an alias has 1 to 100 letters, digits and . _ @ -');
const why = z.string().trim().min(3).max(300);
export const aliasBody = z.strictObject({
  model: reference,
  why,
  /** Id of the version that the alias is thought to name: refused when it names another one by now. */
  expected: z.uuid().optional(),
});
export const whyBody = z.strictObject({ why });
export const snapshotsQuery = listQuery.extend({ model: reference.optional() });
export const snapshotBody = z.strictObject({ model: reference, label: z.string().trim().min(1).max(200) });
export const provenanceQuery = z.strictObject({
  format: z.enum(['graph', 'prov', 'openlineage']).default('graph'),
});
export const idParameter = z.uuid('expected a UUID, as lists and answers show it');
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
