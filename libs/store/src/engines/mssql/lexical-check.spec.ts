import { describe, expect, it } from '@jest/globals';
import { coreMigrations, featureFiles } from '../../sql/migration-files.js';
import { checkCore } from './lexical-check.js';

describe('T-SQL of core', () => {
  it('has only what a server with the basics knows, and closes what it opens', async () => {
    const files = await coreMigrations('mssql');
    expect(files.length).toBeGreaterThan(9);
    const found = files.flatMap((file) =>
      checkCore(file.text).map((finding) => `${file.name}:${finding.line} ${finding.what}`),
    );
    expect(found).toEqual([]);
  });

  it('keeps its features apart: the check finds each of them there', async () => {
    const found = (await featureFiles('mssql')).flatMap((file) => checkCore(file.text).map((f) => f.what));
    expect(found).toEqual(
      expect.arrayContaining(['temporal table', 'columnstore', 'spatial type', 'ledger', 'VECTOR']),
    );
  });

  it.each([
    ['MERGE', 'merge into atom a using #x x on 1 = 1 when matched then delete;'],
    ['CREATE OR ALTER', 'create or alter view v as select 1 as n'],
    ['temporal table', 'create table t (a int) with (system_versioning = on)'],
    ['VECTOR', 'create table t (v vector(256))'],
    ['IIF', 'select iif(a = 1, 2, 3) from t'],
    ['cast by ::', 'select a::int from t'],
    ['online or resumable index build', 'create index i on t (a) with (online = on)'],
    ['parentheses do not match', 'select (1'],
    [
      'BEGIN, CASE and END do not match',
      'create procedure p as begin select case when 1 = 1 then 2 end\ngo\nselect 1',
    ],
    ['a string does not end', "select 'abc"],
    ['a comment does not end', 'select 1 /* and'],
  ])('finds %s', (what, text) => {
    expect(checkCore(`select 1;\n${text}`).map((f) => f.what)).toContain(what);
  });

  it('does not mind words in comments, strings, and names in brackets or of procedures', () => {
    const text = "-- merge into x\nselect 'merge into', [limit] from t; /* iif( */ exec merge_atoms @given;";
    expect(checkCore(text)).toEqual([]);
  });
});
