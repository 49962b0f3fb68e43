import { computationStates } from '@hartonomous/contracts';
import { computationVerbs } from '@hartonomous/compute';
import { z } from 'zod';

const whole = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

export const computationFilter = z.strictObject({
  state: z.enum(computationStates).optional(),
  type: z.string().min(1).max(100).optional(),
  text: z.string().min(1).max(200).optional(),
});

export const computationsQuery = computationFilter.extend({
  limit: z.coerce.number().int().min(1).max(500).default(50),
});

export const pageQuery = z.strictObject({
  after: z.coerce.number().int().min(-1).max(1_000_000).default(-1),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

export const commandBody = z.strictObject({
  verb: z.enum(computationVerbs),
  lo: whole.optional(),
  hi: whole.optional(),
});

export const bulkBody = z.strictObject({
  verb: z.enum(['pause', 'resume', 'cancel', 'retry']),
  filter: computationFilter,
  /** True only counts. */
  preview: z.boolean().default(true),
});
