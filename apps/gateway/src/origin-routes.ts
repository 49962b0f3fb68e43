import type { RouteDoc } from './route-doc.js';
import {
  aliasBody,
  listQuery,
  provenanceQuery,
  snapshotBody,
  snapshotsQuery,
  whyBody,
} from './http/schemas.js';

/** Routes of versions, their aliases and snapshots, and of provenance. */
export const originRoutes: RouteDoc[] = [
  { method: 'get', path: '/v1/models', scope: 'viewer', summary: 'Model versions, each with its aliases' },
  { method: 'get', path: '/v1/aliases', scope: 'viewer', summary: 'Aliases and the versions they name' },
  {
    method: 'get',
    path: '/v1/aliases/{alias}',
    scope: 'viewer',
    summary: 'What an alias has named, newest first: from, until, who, why',
    query: listQuery,
  },
  {
    method: 'put',
    path: '/v1/aliases/{alias}',
    scope: 'operator',
    summary: 'Move an alias to a version: the next request with it is answered by that version',
    body: aliasBody,
    example: { model: 'native@2', why: 'better on the held-out set' },
  },
  {
    method: 'post',
    path: '/v1/aliases/{alias}/undo',
    scope: 'operator',
    summary: 'Move an alias back to the version it named before',
    body: whyBody,
    example: { why: 'worse for German queries' },
  },
  {
    method: 'get',
    path: '/v1/snapshots',
    scope: 'viewer',
    summary: 'Snapshots of model weights, newest first',
    query: snapshotsQuery,
  },
  {
    method: 'post',
    path: '/v1/snapshots',
    scope: 'operator',
    summary: 'Copy the rows of a model version, with a hash',
    status: 201,
    body: snapshotBody,
    example: { model: 'default', label: 'before pruning' },
  },
  {
    method: 'get',
    path: '/v1/snapshots/{id}/verification',
    scope: 'viewer',
    summary: 'Hash the rows of a snapshot again, and those of its model now',
  },
  {
    method: 'post',
    path: '/v1/snapshots/{id}/restore',
    scope: 'operator',
    summary: 'Put the rows of a model back as they were',
    body: whyBody,
    example: { why: 'the pruning went too far' },
  },
  {
    method: 'get',
    path: '/v1/provenance/{id}',
    scope: 'viewer',
    summary: 'Where a thing comes from: nodes and edges, PROV-JSON, or OpenLineage events',
    query: provenanceQuery,
  },
  {
    method: 'get',
    path: '/v1/provenance/{id}/verification',
    scope: 'viewer',
    summary: 'Recompute the chain of hashes from the sources; names the first link that does not hold',
  },
];
