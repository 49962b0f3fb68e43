import { describe, expect, it } from '@jest/globals';
import type { QueryRunner } from 'typeorm';
import { queryStorePlans } from './query-store.js';

/** Keeps what is sent, and answers as a server would whose Query Store is on, or off. */
function server(on: boolean, held: [queryId: string, planId: string][] = []) {
  const sent: string[] = [];
  const answer = (text: string, parameters: unknown[] = []): unknown[] => {
    if (text.includes('serverproperty'))
      return [{ version: '16.0.1', edition: 3, missing: null, usage: null }];
    if (text.includes('database_query_store_options')) return on ? [{ n: 1 }] : [];
    if (!text.includes('query_store')) return [];
    sent.push(text);
    const exec = /^exec sp_query_store_(un)?force_plan @query_id = (\d+), @plan_id = (\d+)$/.exec(text);
    if (exec) {
      const others = held.filter(([queryId]) => queryId !== exec[2]);
      held.splice(0, held.length, ...others);
      if (!exec[1]) held.push([exec[2]!, exec[3]!]);
      return [];
    }
    if (text.includes('where query_id = @0 and plan_id = @1')) {
      const [queryId, planId] = parameters as [string, string];
      return planId === '404' ? [] : [{ forced: held.some(([q, p]) => q === queryId && p === planId) }];
    }
    return held.map(([queryId, planId]) => ({ queryId, planId }));
  };
  const runner = { query: async (text: string, parameters?: unknown[]) => answer(text, parameters) };
  return { sent, plans: queryStorePlans((work) => work(runner as unknown as QueryRunner)) };
}

describe('plans by Query Store', () => {
  it('are forced and let go by its procedures, each once', async () => {
    const { plans, sent } = server(true);
    expect(await plans.force('7', '3')).toEqual({ forced: true });
    expect(await plans.force('7', '3')).toEqual({ forced: true });
    expect(await plans.forced()).toEqual([{ queryId: '7', planId: '3' }]);
    expect(await plans.unforce('7', '3')).toEqual({ forced: false });
    expect(await plans.unforce('7', '3')).toEqual({ forced: false });
    expect(sent.filter((text) => text.startsWith('exec'))).toEqual([
      'exec sp_query_store_force_plan @query_id = 7, @plan_id = 3',
      'exec sp_query_store_unforce_plan @query_id = 7, @plan_id = 3',
    ]);
    expect(await plans.forced()).toEqual([]);
  });

  it('are refused by name where there is none, and take nothing but ids', async () => {
    const off = server(false);
    expect(await off.plans.forced()).toEqual({
      unavailable: 'plans: Query Store is not on in this database',
    });
    expect(await off.plans.force('7', '3')).toHaveProperty('unavailable');
    expect(off.sent).toEqual([]);
    const { plans } = server(true);
    await expect(plans.force('7; drop', '3')).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(plans.force('7', '404')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
