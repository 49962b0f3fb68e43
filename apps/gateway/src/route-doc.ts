import type { Scope } from '@hartonomous/contracts';
import type { z } from 'zod';

/** A route as the OpenAPI document describes it. */
export interface RouteDoc {
  method: 'get' | 'post' | 'put';
  path: string;
  scope: Scope | 'public';
  summary: string;
  status?: number;
  query?: z.ZodObject;
  body?: z.ZodType;
  example?: unknown;
}
