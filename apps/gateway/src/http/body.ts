import { HartoError } from '@hartonomous/contracts';
import type { z } from 'zod';

/** Parses outside input by its schema; the first fault becomes one clear line. */
export function parsed<S extends z.ZodType>(schema: S, value: unknown, name = 'body'): z.infer<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const at = issue?.path.map(String).join('.') || name;
  throw new HartoError('INPUT_INVALID', `${at}: ${issue?.message ?? 'invalid'}`);
}
