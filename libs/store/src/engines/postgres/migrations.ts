import type { MigrationDialect } from '../../sql/migration-runner.js';

/** Key of the advisory lock: "Hart" in ASCII. */
const lockKey = 0x48617274;
/** A waiting process gives up after this and says so. */
const lockTimeout = '120s';

export const postgresMigrations: MigrationDialect = {
  async lock(runner) {
    await runner.query(`set lock_timeout = '${lockTimeout}'`);
    await runner.query('select pg_advisory_lock($1)', [lockKey]);
  },
  async unlock(runner) {
    await runner.query('select pg_advisory_unlock($1)', [lockKey]);
    await runner.query('reset lock_timeout');
  },
  createJournal: `create table if not exists schema_migration (
    name text primary key,
    checksum text not null,
    applied_at timestamptz(3) not null default now())`,
  batches: (text) => [text],
  insertJournal: 'insert into schema_migration (name, checksum) values ($1, $2)',
  readJournal: 'select name, checksum from schema_migration order by name',
};
