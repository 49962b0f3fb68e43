import { afterAll, describe, it } from '@jest/globals';
import { storeContract } from '../../contract/contract.js';
import { execution, mssqlFixture } from './mssql-fixture.js';
import { recordStatements } from './recording/record.js';
import { saveRecording } from './recording/registry.js';

const url = process.env['MSSQL_URL'];

describe('SQL Server', () => {
  if (!url) return void it.skip(`SKIPPED: contract suite on SQL Server, MSSQL_URL names no server`, () => {});
  afterAll(async () => {
    await saveRecording(await recordStatements(), execution);
  });
  storeContract(mssqlFixture(url), { transactions: 500 });
});
