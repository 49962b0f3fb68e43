import { submissionSchema } from '@hartonomous/compute';
import { errorCodes, searchRequestSchema } from '@hartonomous/contracts';
import { z } from 'zod';
import { originRoutes } from './origin-routes.js';
import type { RouteDoc } from './route-doc.js';
import {
  actionsQuery,
  cycleBody,
  decisionBody,
  killSwitchBody,
  listQuery,
  modeBody,
  searchQuery,
} from './http/schemas.js';
import { bulkBody, commandBody, computationsQuery, pageQuery } from './routes/compute.schemas.js';

/** Every route of the gateway; a test compares this list with the routes that are really registered. */
export const routeDocs: RouteDoc[] = [
  {
    method: 'post',
    path: '/v1/search',
    scope: 'viewer',
    summary: 'Search the corpus (BM25 and vectors, fused, ranked under the serving version)',
    query: searchQuery,
    body: searchRequestSchema,
    example: { query: 'where are leases renewed', filters: { kind: 'code' }, limit: 5 },
  },
  {
    method: 'get',
    path: '/v1/status',
    scope: 'viewer',
    summary: 'Services, cycle, kill switch, corpus, kept actions',
  },
  {
    method: 'get',
    path: '/v1/features',
    scope: 'viewer',
    summary: 'Engine features: on, off, why, and what degrades',
  },
  {
    method: 'get',
    path: '/v1/events',
    scope: 'viewer',
    summary: 'Server-sent events: status whenever it changes',
  },
  { method: 'get', path: '/v1/cycles', scope: 'viewer', summary: 'Cycles, newest first', query: listQuery },
  {
    method: 'get',
    path: '/v1/cycles/{id}',
    scope: 'viewer',
    summary: 'One cycle: observation, hypotheses, rejected candidates, actions',
  },
  {
    method: 'post',
    path: '/v1/loop/cycles',
    scope: 'operator',
    summary: 'Start a cycle now, or bring the open one forward',
    status: 202,
    body: cycleBody,
    example: { scope: 'full' },
  },
  {
    method: 'get',
    path: '/v1/improvements',
    scope: 'viewer',
    summary: 'What was learned of each action, newest first, and the sum of net gains',
    query: listQuery,
  },
  {
    method: 'get',
    path: '/v1/actions',
    scope: 'viewer',
    summary: 'Actions, newest first',
    query: actionsQuery,
  },
  {
    method: 'get',
    path: '/v1/actions/{id}',
    scope: 'viewer',
    summary: 'One action: plan, inverse, transitions, evidence of both arms',
  },
  {
    method: 'post',
    path: '/v1/actions/{id}/decisions',
    scope: 'operator',
    summary: 'Approve or reject (scope approver, bound to the plan hash), or revert',
    status: 202,
    body: decisionBody,
    example: { decision: 'revert' },
  },
  {
    method: 'get',
    path: '/v1/computation-types',
    scope: 'viewer',
    summary: 'Kinds of long computations, with their parameters',
  },
  {
    method: 'post',
    path: '/v1/computations',
    scope: 'operator',
    summary: 'Submit a long computation; the same idempotency key is stored once',
    status: 202,
    body: submissionSchema,
    example: { type: 'prime.count', params: { lo: 1, hi: 1_000_000_000 }, idempotencyKey: 'pi-1e9' },
  },
  {
    method: 'get',
    path: '/v1/computations',
    scope: 'viewer',
    summary: 'Computations, newest first, with live progress',
    query: computationsQuery,
  },
  {
    method: 'get',
    path: '/v1/computations/{id}',
    scope: 'viewer',
    summary: 'One computation: progress, time left with its 10-90 % band, chunks, result',
  },
  {
    method: 'get',
    path: '/v1/computations/{id}/chunks',
    scope: 'viewer',
    summary: 'Chunks in order: range, state, owner, attempts, checksum',
    query: pageQuery,
  },
  {
    method: 'get',
    path: '/v1/computations/{id}/results',
    scope: 'viewer',
    summary: 'Numbers of a list, one chunk a page',
    query: pageQuery,
  },
  {
    method: 'post',
    path: '/v1/computations/{id}/commands',
    scope: 'operator',
    summary: 'Pause, resume, cancel, retry failed chunks, or rerun a range',
    status: 202,
    body: commandBody,
    example: { verb: 'pause' },
  },
  {
    method: 'post',
    path: '/v1/computation-commands',
    scope: 'operator',
    summary: 'The same for all that a filter finds; a preview only counts',
    status: 202,
    body: bulkBody,
    example: { verb: 'pause', filter: { state: 'Running' }, preview: true },
  },
  {
    method: 'get',
    path: '/v1/rejected',
    scope: 'viewer',
    summary: 'Candidates of the last 24 hours that were not tried, with reasons',
    query: listQuery,
  },
  { method: 'get', path: '/v1/modes', scope: 'viewer', summary: 'Mode of each action type' },
  {
    method: 'put',
    path: '/v1/modes/{type}',
    scope: 'operator',
    summary: 'Set the mode of an action type',
    body: modeBody,
    example: { mode: 'Approve' },
  },
  { method: 'get', path: '/v1/kill-switch', scope: 'viewer', summary: 'State of the kill switch' },
  {
    method: 'put',
    path: '/v1/kill-switch',
    scope: 'operator',
    summary: 'Stop the loop, or arm it again; both need a reason',
    body: killSwitchBody,
    example: { on: true, reason: 'maintenance window' },
  },
  {
    method: 'get',
    path: '/v1/traces/{traceId}',
    scope: 'viewer',
    summary: 'Spans of a trace from the store, running ones included',
  },
  ...originRoutes,
  { method: 'get', path: '/v1/audit', scope: 'viewer', summary: 'Audit log, newest first', query: listQuery },
  {
    method: 'get',
    path: '/v1/audit/verification',
    scope: 'viewer',
    summary: 'Recompute the hash chain of the audit log',
  },
  {
    method: 'get',
    path: '/v1/dead-letters',
    scope: 'operator',
    summary: 'Messages that were refused or failed for good',
    query: listQuery,
  },
  {
    method: 'post',
    path: '/v1/sign-in-links',
    scope: 'viewer',
    summary: 'A single-use link that signs a browser in',
    status: 201,
  },
  { method: 'get', path: '/sign-in', scope: 'public', summary: 'Redeem a sign-in link', status: 303 },
  { method: 'get', path: '/livez', scope: 'public', summary: 'The process answers' },
  {
    method: 'get',
    path: '/readyz',
    scope: 'public',
    summary: 'Ages of the oldest waiting messages and of the last canary',
  },
  { method: 'get', path: '/openapi.json', scope: 'public', summary: 'This document' },
];

const parametersOf = (doc: RouteDoc): unknown[] => {
  const path = [...doc.path.matchAll(/\{(\w+)\}/g)].map((m) => ({
    name: m[1],
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const query = Object.entries(doc.query?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    required: false,
    schema: z.toJSONSchema(schema as z.ZodType, { io: 'input' }),
  }));
  return [...path, ...query];
};

const operationOf = (doc: RouteDoc): Record<string, unknown> => ({
  summary: doc.summary,
  ...(doc.scope === 'public' ? { security: [] } : { 'x-scope': doc.scope }),
  parameters: parametersOf(doc),
  ...(doc.body
    ? {
        requestBody: {
          required: true,
          content: {
            'application/json': { schema: z.toJSONSchema(doc.body, { io: 'input' }), example: doc.example },
          },
        },
      }
    : {}),
  responses: {
    [String(doc.status ?? 200)]: { description: 'done' },
    default: {
      description: 'problem',
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    },
  },
});

export function openApiDocument(): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const doc of routeDocs) (paths[doc.path] ??= {})[doc.method] = operationOf(doc);
  return {
    openapi: '3.1.0',
    info: { title: 'Hartonomous gateway', version: '0.1.0' },
    security: [{ apiKey: [] }],
    paths,
    components: {
      securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } },
      schemas: {
        Problem: {
          type: 'object',
          required: ['type', 'title', 'status', 'code', 'detail'],
          properties: {
            type: { type: 'string' },
            title: { type: 'string' },
            status: { type: 'integer' },
            code: { enum: Object.keys(errorCodes) },
            detail: { type: 'string' },
            traceId: { type: 'string' },
            requestId: { type: 'string' },
          },
        },
      },
    },
  };
}
