import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MssqlConnections } from './connections.js';
import { createDatabase } from './mssql-fixture.js';
import { mssqlStatements, widened } from './statements.js';

const serverUrl = process.env['MSSQL_URL'];
const placesCount = 2_000;
const searches = 24;
const k = 12;

/** Numerical Recipes' linear congruential generator: the same places in every run. */
function* random(seed: number): Generator<number, never> {
  for (let state = seed; ;) yield (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

// The planar distance by arithmetic: a server without geometry shows as well that nothing near is lost.
const within = widened(
  (t, [x, y]) => `sqrt((${t}.x - ${x}) * (${t}.x - ${x}) + (${t}.y - ${y}) * (${t}.y - ${y}))`,
);

describe('neighbours by a widened planar search', () => {
  if (!serverUrl) return void it.skip('SKIPPED: widened search, MSSQL_URL names no server', () => {});
  let database: Awaited<ReturnType<typeof createDatabase>>;
  let connections: MssqlConnections;
  const query = async (text: string): Promise<unknown[]> =>
    (await connections.owner()).source.query<unknown[]>(text);
  const numbers = random(7);
  const next = () => numbers.next().value;
  beforeAll(async () => {
    database = await createDatabase(serverUrl);
    connections = new MssqlConnections({ url: database.url });
    // Half of them in a narrow column of equal x and y, where only z tells them apart.
    const rows = Array.from({ length: placesCount }, (_, i) => {
      const [x, y] = i % 2 === 0 ? [next() * 100, next() * 100] : [50 + next() * 0.01, 50];
      return `(${i}, ${x}, ${y}, ${next() * 20 - 10})`;
    });
    await query(
      `create table place (id int primary key, x float not null, y float not null, z float not null);
       ${[0, 1].map((half) => `insert into place values ${rows.slice(half * 1_000, half * 1_000 + 1_000).join(', ')};`).join('\n')}`,
    );
  }, 120_000);
  afterAll(async () => {
    await connections?.close();
    await database?.drop();
  }, 120_000);

  it(`are the ${k} nearest of all, in ${searches} searches`, async () => {
    for (let i = 0; i < searches; i++) {
      const near = i % 4 === 0;
      const point: [string, string, string] = [
        String(near ? 50 : next() * 100),
        String(near ? 50 : next() * 100),
        String(next() * 20 - 10),
      ];
      const search = (condition: string) =>
        query(
          `select top (${k}) p.id as id from place p where p.id >= 0${condition}
           order by ${mssqlStatements.distance('p', point)}, p.id`,
        );
      const exact = await search('');
      expect(exact).toHaveLength(k);
      expect(await search(within('p', 'place n where n.id >= 0', point, k))).toEqual(exact);
    }
  }, 300_000);
});
