import { describe, it } from '@jest/globals';
import { storeContract } from '../../contract/contract.js';
import { mssqlFixture } from './mssql-fixture.js';

const url = process.env['MSSQL_URL'];

describe('SQL Server', () => {
  if (!url) return void it.skip(`SKIPPED: contract suite on SQL Server, MSSQL_URL names no server`, () => {});
  storeContract(mssqlFixture(url), { transactions: 500 });
});
