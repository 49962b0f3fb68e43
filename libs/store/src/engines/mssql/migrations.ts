import type { MigrationDialect } from '../../sql/migration-runner.js';

/** A waiting process gives up after this and says so, ms. */
const lockTimeoutMs = 120_000;
const resource = 'hartonomous.migrations';

export const mssqlMigrations: MigrationDialect = {
  async lock(runner) {
    await runner.query(
      `declare @got int;
       exec @got = sp_getapplock @Resource = N'${resource}', @LockMode = N'Exclusive', @LockOwner = N'Session',
         @LockTimeout = ${lockTimeoutMs};
       if @got < 0 throw 51000, N'another process holds the migration lock', 1;`,
    );
  },
  async unlock(runner) {
    await runner.query(`exec sp_releaseapplock @Resource = N'${resource}', @LockOwner = N'Session'`);
  },
  createJournal: `if object_id(N'schema_migration', N'U') is null create table schema_migration (
    name nvarchar(200) collate Latin1_General_100_BIN2 primary key,
    checksum nvarchar(64) not null,
    applied_at datetimeoffset(3) not null default sysdatetimeoffset())`,
  // GO on a line of its own ends a batch, as every T-SQL tool has it.
  batches: (text) => text.split(/^\s*go\s*$/im).filter((batch) => batch.trim().length > 0),
  insertJournal: 'insert into schema_migration (name, checksum) values (@0, @1)',
  readJournal: 'select name, checksum from schema_migration order by name',
};
