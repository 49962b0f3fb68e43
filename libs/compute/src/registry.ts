import { HartoError } from '@hartonomous/contracts';
import { computeLimits } from './limits.js';
import type { Estimate, TaskType, VectorInput } from './task-type.js';
import { dbscanType } from './types/dbscan.js';
import { kMeansType } from './types/k-means.js';
import { primeCount } from './types/prime-count.js';
import { primeList } from './types/prime-list.js';

/** One entry for each type; a new type is one file and one line here. */
const registered: TaskType[] = [primeCount, primeList, kMeansType, dbscanType];

const types = new Map(registered.map((type) => [type.name, type]));

export function taskTypes(): TaskType[] {
  return [...types.values()];
}

/**
 * The type that runs a computation.
 * @throws HartoError INPUT_INVALID for an unknown type or a version that this code does not run.
 */
export function taskTypeOf(name: string, version?: number): TaskType {
  const type = types.get(name);
  if (!type) {
    throw new HartoError(
      'INPUT_INVALID',
      `no computation type is called ${name.slice(0, 60)}; known: ${[...types.keys()].join(', ')}`,
      {
        details: { known: [...types.keys()] },
      },
    );
  }
  if (version !== undefined && version !== type.version) {
    throw new HartoError('INPUT_INVALID', `${name} runs as version ${type.version} here, not ${version}`, {
      details: { version: type.version },
    });
  }
  return type;
}

/** @throws HartoError INPUT_INVALID naming the first parameter that is wrong. */
export function parseParams(type: TaskType, params: unknown): unknown {
  const sizeBytes = Buffer.byteLength(JSON.stringify(params ?? null));
  if (sizeBytes > computeLimits.paramsBytesMax) {
    throw new HartoError(
      'INPUT_INVALID',
      `params of ${sizeBytes} bytes exceed ${computeLimits.paramsBytesMax}`,
    );
  }
  const parsed = type.params.safeParse(params);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const at = issue.path.map(String).join('.') || 'params';
  throw new HartoError('INPUT_INVALID', `${type.name}: ${at}: ${issue.message}`, { details: { at } });
}

/** Seconds of one usual core for the whole, and the results of a list. */
export interface CheckedEstimate extends Estimate {
  seconds: number;
}

/**
 * What a computation will take; refused when it needs more chunks, or lists more results, than the limits allow.
 * @throws HartoError INPUT_INVALID with the estimate in its details.
 */
export function checkedEstimate(
  type: TaskType,
  params: unknown,
  input: VectorInput | null,
  fixedSize?: number,
): CheckedEstimate {
  const estimate = type.estimate(params, input);
  const seconds = estimate.cost / 1e9;
  const details = { estimate: { seconds, results: estimate.results, chunks: 0 } };
  const round = type.firstRound(params, input);
  details.estimate.chunks =
    fixedSize && !round.indivisible
      ? Math.ceil((round.hi - round.lo + 1) / fixedSize)
      : Math.ceil((seconds * 1000) / computeLimits.targetMsMax);
  if (details.estimate.chunks > computeLimits.chunksMax) {
    throw new HartoError(
      'INPUT_INVALID',
      `${type.name} would need about ${details.estimate.chunks} chunks, more than ${computeLimits.chunksMax}`,
      { details },
    );
  }
  if (estimate.results > computeLimits.resultsMax) {
    throw new HartoError(
      'INPUT_INVALID',
      `${type.name} would list about ${estimate.results} results, more than ${computeLimits.resultsMax}`,
      { details },
    );
  }
  return { ...estimate, seconds };
}
