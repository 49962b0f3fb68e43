import { describe, it } from '@jest/globals';
import { storeContract } from '../../contract/contract.js';
import { mssqlFixture } from './mssql-fixture.js';

const url = process.env['MSSQL_URL'];

describe('SQL Server', () => {
  if (url) storeContract(mssqlFixture(url), { transactions: 500 });
  else it.skip('contract suite: MSSQL_URL names no server', () => undefined);
});
