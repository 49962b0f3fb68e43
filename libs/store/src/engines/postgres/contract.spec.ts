import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { storeContract } from '../../contract/contract.js';
import { coreMigrations } from '../../sql/migration-files.js';
import { TableValue } from '../mssql/dialect.js';
import { postgresDialect } from './dialect.js';
import { postgresFixture } from './postgres-fixture.js';

// Shapes of the rows that the repositories send: SQL Server needs a table type for each.
const shapes = new Set<string>();
beforeAll(() => {
  const { rowset, anyOf } = postgresDialect;
  jest.spyOn(postgresDialect, 'rowset').mockImplementation((alias, columns, rows, params) => {
    shapes.add(new TableValue(Object.values(columns), []).typeName);
    return rowset(alias, columns, rows, params);
  });
  jest.spyOn(postgresDialect, 'anyOf').mockImplementation((column, type, values, params) => {
    shapes.add(new TableValue([type], []).typeName);
    return anyOf(column, type, values, params);
  });
});
afterAll(() => void jest.restoreAllMocks());

storeContract(postgresFixture, { transactions: 5_000 });

describe('table types', () => {
  it('stand in sql/mssql for every shape of rows that the suite sent', async () => {
    const text = (await coreMigrations('mssql')).map((file) => file.text).join('\n');
    const known = new Set([...text.matchAll(/create type (rows_[a-z]+) as table/g)].map((m) => m[1]));
    expect(shapes.size).toBeGreaterThan(20);
    expect([...shapes].filter((shape) => !known.has(shape)).sort()).toEqual([]);
  });
});
