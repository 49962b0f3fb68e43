import type { SearchRequest } from '@hartonomous/contracts';
import { canonicalJson, sha256Hex } from '@hartonomous/contracts';

/** The request without what does not change its answer: equal for equal answers. */
export function canonicalRequest(request: SearchRequest): Omit<SearchRequest, 'sessionId'> {
  const { pathPrefix, language, kind } = request.filters ?? {};
  const filters = { pathPrefix, language, kind };
  const filtered = Object.values(filters).some((value) => value !== undefined);
  return {
    query: request.query.normalize('NFC').trim().replace(/\s+/g, ' '),
    ...(filtered ? { filters } : {}),
    limit: request.limit,
  };
}

/** SHA-256 of the canonical request, hexadecimal: the key of caches, pairs and hold-out buckets. */
export const inputHashOf = (request: SearchRequest): string =>
  sha256Hex(canonicalJson(canonicalRequest(request)));
