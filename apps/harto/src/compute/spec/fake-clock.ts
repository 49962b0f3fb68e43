import type pg from 'pg';

/** How far each jump goes, ms. */
export const jumpMs = 600_000;
export const jumpSignal: NodeJS.Signals = 'SIGUSR2';
/** Preloaded into a service (`node --import`). */
export const fakeClockModule = new URL('./jumping-clock.js', import.meta.url);

/**
 * The store's logins get a clock of our own: the functions that its statements call are found in this schema before
 * the server's. To be called before the services connect.
 */
export async function fakeDatabaseClock(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ name: string }>('select current_database() as name');
  const functions = ['now', 'statement_timestamp', 'clock_timestamp'].map(
    (name) => `create function fake_clock.${name}() returns timestamptz stable language sql as
      $$ select pg_catalog.${name}() + (select ms from fake_clock.shift) * interval '1 millisecond' $$;`,
  );
  const logins = ['hartonomous_app', 'hartonomous_system'].map(
    (role) =>
      `alter role ${role} in database ${rows[0].name} set search_path = fake_clock, public, pg_catalog;`,
  );
  await pool.query(
    `create schema fake_clock;
     create table fake_clock.shift (ms float8 not null);
     insert into fake_clock.shift values (0);
     ${functions.join('\n')}
     grant usage on schema fake_clock to public;
     grant select on fake_clock.shift to public;
     ${logins.join('\n')}`,
  );
}
