import { describe, expect, it } from '@jest/globals';
import { contractStore, type EngineFixture } from './fixture.js';

/** Planner statistics: what is gathered can be put back, or the engine says that it cannot. */
export function statisticsContract(fixture: EngineFixture): void {
  describe('statistics', () => {
    const c = contractStore(fixture);
    const statistics = () => c().store.maintenance.statistics;

    it('are gathered, and restored as they were', async () => {
      const before = await statistics().read('tenant');
      if ('unavailable' in before) {
        expect(before.unavailable).toMatch(/statistics/);
        expect(await statistics().gather('tenant')).toEqual(before);
        return;
      }
      expect(before).toMatchObject({ table: 'tenant', automatic: true });
      const gathered = await statistics().gather('tenant');
      expect(gathered).toMatchObject({ automatic: false, relation: { reltuples: 2 } });
      expect(gathered).not.toEqual(before);
      await statistics().restore(before);
      expect(await statistics().read('tenant')).toEqual(before);
      await statistics().restore(before);
      expect(await statistics().read('tenant')).toEqual(before);
    });

    it('refuse names that are none of ours', async () => {
      const read = statistics().read('tenant; drop table tenant');
      const outcome = await read.catch((error: { code: string }) => error.code);
      expect(typeof outcome === 'string' ? outcome : Object.keys(outcome)).toEqual(
        c().store.engine === 'postgres' ? 'INPUT_INVALID' : ['unavailable'],
      );
    });

    it('are not all that a plan rests on: those in force are listed, or the engine says that it keeps none', async () => {
      const { plans } = c().store.maintenance;
      const forced = await plans.forced();
      if ('unavailable' in forced) {
        expect(forced.unavailable).toMatch(/^plans: /);
        expect(await plans.force('1', '1')).toEqual(forced);
        expect(await plans.unforce('1', '1')).toEqual(forced);
      } else {
        expect(forced).toEqual([]);
        await expect(plans.force('1', '1')).rejects.toMatchObject({ code: 'NOT_FOUND' });
      }
    });
  });
}
