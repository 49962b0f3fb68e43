import { HartoError, errorCodes } from '@hartonomous/contracts';
import type {
  ActionMode,
  EffectInterval,
  ErrorCode,
  Problem,
  SearchRequest,
  SearchResponse,
} from '@hartonomous/contracts';
import type {
  ActionDetail,
  ActionShown,
  CycleDetail,
  CycleShown,
  RejectedShown,
  StatusShown,
} from './gateway-documents.js';

const timeoutMs = 30_000;

/** The gateway's REST API, as the command line and the workload driver use it. */
export class GatewayClient {
  constructor(
    readonly baseUrl: string,
    private readonly key: string,
  ) {}

  status = () => this.get<StatusShown>('/v1/status');
  cycles = async (limit: number) =>
    (await this.get<{ items: CycleShown[] }>(`/v1/cycles?limit=${limit}`)).items;
  cycle = (id: string) => this.get<CycleDetail>(`/v1/cycles/${encodeURIComponent(id)}`);
  requestCycle = (scope: 'full' | 'incremental') =>
    this.send<{ cycle: CycleShown; created: boolean }>('POST', '/v1/loop/cycles', { scope });
  rejected = async (limit: number) =>
    (await this.get<{ items: RejectedShown[] }>(`/v1/rejected?limit=${limit}`)).items;
  /** `under`: a version, alias or instant other than what serves now. */
  search = (
    request: Partial<SearchRequest> & { query: string },
    signal?: AbortSignal,
    under: { model?: string; asOf?: string } = {},
  ) => {
    const query = new URLSearchParams(under).toString();
    return this.send<SearchResponse>('POST', `/v1/search${query && `?${query}`}`, request, signal);
  };
  action = (id: string) => this.get<ActionDetail>(`/v1/actions/${encodeURIComponent(id)}`);
  modes = async () =>
    (
      await this.get<{
        items: { type: string; mode: ActionMode; actionClass?: string; unavailable?: string }[];
      }>('/v1/modes')
    ).items;

  async actions(query: Record<string, string | undefined>): Promise<ActionShown[]> {
    const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return (await this.get<{ items: ActionShown[] }>(`/v1/actions?${new URLSearchParams(given)}`)).items;
  }

  get<T>(path: string): Promise<T> {
    return this.send<T>('GET', path);
  }

  async send<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    const within = AbortSignal.timeout(timeoutMs);
    let response: Response;
    try {
      response = await fetch(new URL(path, this.baseUrl), {
        method,
        headers: {
          authorization: `Bearer ${this.key}`,
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: signal ? AbortSignal.any([signal, within]) : within,
      });
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      const why = within.aborted ? `gave no answer within ${timeoutMs / 1000} s` : 'cannot be reached';
      throw new HartoError(
        'GATEWAY_UNREACHABLE',
        `the gateway at ${this.baseUrl} ${why}: is it running (npx harto status)?`,
        {
          cause: error,
        },
      );
    }
    const text = await response.text();
    if (!response.ok) throw problemOf(response.status, text);
    return JSON.parse(text) as T;
  }
}

function problemOf(status: number, text: string): HartoError {
  let problem: Partial<Problem> = {};
  try {
    problem = JSON.parse(text) as Partial<Problem>;
  } catch {
    // Something between us and the gateway answered: its text is of no use.
  }
  const known = problem.code !== undefined && Object.hasOwn(errorCodes, problem.code);
  const code: ErrorCode = known ? (problem.code as ErrorCode) : 'INTERNAL';
  const trace = problem.traceId ? ` (trace ${problem.traceId})` : '';
  const detail = known && problem.detail ? problem.detail : `the gateway answered ${status}`;
  return new HartoError(code, `${detail}${code === 'INTERNAL' ? trace : ''}`, { details: problem.details });
}

export function effectText(effect: EffectInterval | null): string {
  if (!effect) return '-';
  const number = (value: number | null) => value?.toFixed(3) ?? 'open';
  return `${number(effect.estimate)} [${number(effect.low)}, ${number(effect.high)}] ${effect.unit}`;
}
