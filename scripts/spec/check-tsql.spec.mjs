import { beforeAll, describe, expect, it } from '@jest/globals';
import { init } from '@polyglot-sql/sdk';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkExecuted, checkGrammar, fault, piecesOf } from '../check-tsql.mjs';

const sql = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'sql', 'mssql');

describe('the T-SQL check', () => {
  beforeAll(() => init());

  it.each([
    ['update t set a = 1 where'],
    ['select case when 1 = 1 then 2 from t'],
    ['select * from t wher a = 1'],
    ['create table t (a int,, b int)'],
    ['update t set a = 1 output inserted. where b = 2'],
    ['exec p @key = '],
  ])('refuses %s', (text) => {
    expect(fault(text)).not.toBeNull();
  });

  it.each([
    ['create type x as table (a int not null primary key)'],
    ['create procedure p @a int, @b x readonly as begin set nocount on; select 1 as n; end'],
    [
      'update t with (updlock, holdlock) set a = r.a output inserted.a from (select 1 as a) r where t.a = r.a',
    ],
    ['select a from t order by a offset @p1 rows fetch next @p2 rows only'],
    ['delete from t output deleted.a, @p1 into h (a, b) where c = 1'],
  ])('reads %s', (text) => {
    expect(fault(text)).toBeNull();
  });

  it('names what newly fails, what parses by now and what is gone', () => {
    const pieces = [
      { name: 'new', text: 'bad' },
      { name: 'known', text: 'bad' },
      { name: 'cured', text: 'good' },
    ];
    const unparsed = { known: 'why', cured: 'why', gone: 'why' };
    const { parsed, findings } = checkGrammar(pieces, unparsed, (text) => (text === 'bad' ? 'no' : null));
    expect(parsed).toBe(1);
    expect(findings.map((finding) => finding.split(' ')[0])).toEqual(['new', 'cured', 'gone']);
  });

  it('has all of this repository listed, and finds a statement and a file that are not', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tsql-'));
    try {
      cpSync(sql, folder, { recursive: true });
      const executed = JSON.parse(readFileSync(join(folder, 'executed.json'), 'utf8'));
      expect(piecesOf(folder).length).toBeGreaterThan(200);
      expect(checkExecuted(folder, executed)).toEqual([]);
      const recorded = JSON.parse(readFileSync(join(folder, 'statements.json'), 'utf8'));
      recorded.statements.another = 'select 1 as other';
      writeFileSync(join(folder, 'statements.json'), JSON.stringify(recorded));
      writeFileSync(join(folder, 'core', '299901010101_other.sql'), 'select 1 as n');
      expect(checkExecuted(folder, executed)).toEqual([
        'core/299901010101_other.sql is neither executed nor pending',
        expect.stringMatching(/^neither executed nor pending: [0-9a-f]{16} select 1 as other$/),
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
