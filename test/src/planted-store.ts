import { createHash, randomUUID } from 'node:crypto';
import pg from 'pg';
import type { RunningSystem } from './running-system.js';

/** Rows of the table that the planted causes and harms are about. */
export const termRows = 300_000;

/**
 * Distinct terms of what is planted. So many that the planner, told nothing else, takes any term for rare: with a few
 * hundred its guesses for a term lie about where one plan becomes dearer than the other, and either may be chosen.
 */
export const fillerTerms = 90_000;

/** New vectors wait in the second one until there are many. */
const vectorTables = ['atom_embedding', 'atom_embedding_staging'];

/** The engine of a running system from outside: to plant causes, and to look at what was restored. */
export class PlantedStore {
  private constructor(
    private readonly superuser: pg.Client,
    private readonly app: pg.Client,
    private readonly tenantId: string,
  ) {}

  static async open({ logins }: RunningSystem): Promise<PlantedStore> {
    const [superuser, app] = [logins.superuserUrl, logins.url].map(
      (connectionString) => new pg.Client({ connectionString }),
    );
    await superuser!.connect();
    await app!.connect();
    const { rows } = await superuser!.query<{ tenant_id: string }>('select tenant_id from corpus_state');
    return new PlantedStore(superuser!, app!, rows[0]!.tenant_id);
  }

  async close(): Promise<void> {
    await this.superuser.end();
    await this.app.end();
  }

  async rows<T extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<T[]> {
    return (await this.superuser.query<T>(text, values)).rows;
  }

  /** Terms of atoms that no search returns: they make a scan of the table long. */
  async fillTerms(count: number, term = `'filler' || (i % ${fillerTerms})`): Promise<void> {
    await this.rows(
      `insert into atom_term (tenant_id, atom_id, term, tf)
       select $1, gen_random_uuid(), ${term}, 1 + i % 700 from generate_series(1, ${count}) i`,
      [this.tenantId],
    );
  }

  /** Takes back what was planted under these terms. */
  async forgetTerms(terms: readonly string[]): Promise<void> {
    await this.rows(
      'delete from atom_term where term = any($1) and atom_id not in (select atom_id from tenant_atom)',
      [terms],
    );
    await this.rows('vacuum atom_term');
  }

  /** Terms, as they are indexed, that so many of the tenant's atoms share: those that questions have in common. */
  async sharedTerms(atomsMin: number, atomsMax: number): Promise<string[]> {
    const found = await this.rows<{ term: string }>(
      `select term from atom_term where atom_id in (select atom_id from tenant_atom)
        group by term having count(*) between $1 and $2 order by term`,
      [atomsMin, atomsMax],
    );
    return found.map((row) => row.term);
  }

  /** Each row of terms that is looked at costs a microsecond or two, which the planner is told is nothing. */
  async slowTerms(): Promise<void> {
    await this.rows(`create or replace function planted_filter(n integer) returns boolean
      language plpgsql stable cost 0.0001 as $$ begin return n >= 0; end $$`);
    await this.rows(`create policy planted_filter on atom_term as restrictive for select
      using (planted_filter(tf))`);
  }

  async quickTerms(): Promise<void> {
    await this.rows('drop policy if exists planted_filter on atom_term');
  }

  /** Settings of the database, for every session that begins from now on; null takes one back. */
  async configure(settings: Record<string, string | null>): Promise<void> {
    for (const [name, value] of Object.entries(settings)) {
      const change = value === null ? `reset ${name}` : `set ${name} = '${value}'`;
      await this.rows(`do $$ begin execute format('alter database %I ${change.replaceAll("'", "''")}',
        current_database()); end $$`);
    }
  }

  /** A report that somebody runs beside the searches, as the application's login. */
  async report(text: string, times: number): Promise<void> {
    await this.app.query(`select set_config('app.tenant', $1, false)`, [this.tenantId]);
    for (let i = 0; i < times; i++) await this.app.query(text, [this.tenantId, i]);
  }

  /** What the loop may change of a table: its indexes, and what the planner believes of its columns. */
  async stateOfTable(table: string): Promise<string> {
    const indexes = await this.rows(
      `select indexname, indexdef from pg_indexes where tablename = $1 order by indexname`,
      [table],
    );
    const statistics = await this.rows(
      `select attname, null_frac, avg_width, n_distinct, most_common_vals::text, most_common_freqs::text,
              histogram_bounds::text, correlation
         from pg_stats where tablename = $1 order by attname`,
      [table],
    );
    return hashOf([indexes, statistics]);
  }

  async indexesOf(table: string): Promise<string[]> {
    const text = 'select indexdef from pg_indexes where tablename = $1 order by indexname';
    return (await this.rows<{ indexdef: string }>(text, [table])).map((row) => row.indexdef);
  }

  /**
   * Whoever is served from these answers waits so long for the look-up, and nobody else: a long answer would keep the
   * gateway busy for all who ask at that time, the control arm too.
   */
  async slowAnswers(actionId: string, seconds: number): Promise<void> {
    await this.rows(
      `create or replace function planted_wait(action uuid, enabled boolean) returns boolean
         language plpgsql volatile cost 100000 as $$
       begin
         if enabled and action = '${actionId}' and current_query() like 'select input_hash%answer as%' then
           perform pg_sleep(${seconds});
         end if;
         return true;
       end $$`,
    );
    await this.rows(`create policy planted_wait on cached_activation as restrictive for select
      using (planted_wait(action_id, enabled))`);
  }

  async quickAnswers(): Promise<void> {
    await this.rows('drop policy if exists planted_wait on cached_activation');
  }

  /** A setting of the tenant's; null takes it back. */
  async setting(key: string, value: string | null): Promise<void> {
    await this.rows('delete from setting where tenant_id = $1 and name = $2', [this.tenantId, key]);
    if (value === null) return;
    await this.rows(`insert into setting (tenant_id, name, value, updated_by) values ($1, $2, $3, 'test')`, [
      this.tenantId,
      key,
      value,
    ]);
  }

  /** Every atom gets another one's vector: groups that were observed are none any more. */
  async dealVectors(): Promise<void> {
    for (const table of vectorTables) {
      await this.rows(`create table planted_${table} as select * from ${table}`);
      await this.rows(
        `with numbered as (select atom_id, row_number() over (order by md5(atom_id::text)) as n from ${table}),
              dealt as (select vector, row_number() over (order by md5(atom_id::text || 'dealt')) as n from ${table})
         update ${table} e set vector = dealt.vector
           from numbered join dealt using (n) where numbered.atom_id = e.atom_id`,
      );
    }
  }

  async restoreVectors(): Promise<void> {
    for (const table of vectorTables) {
      const from = `planted_${table}`;
      await this.rows(`update ${table} e set vector = p.vector from ${from} p where p.atom_id = e.atom_id`);
    }
  }

  async forgetOneVector(): Promise<void> {
    const [one] = await this.rows<{ atom_id: string }>(
      vectorTables.map((table) => `select atom_id from ${table}`).join(' union all ') + ' limit 1',
    );
    for (const table of vectorTables)
      await this.rows(`delete from ${table} where atom_id = $1`, [one!.atom_id]);
  }

  /** Scheduled actions that change nothing, each with the message that starts it, as Act writes them. */
  async addPlacebos(count: number): Promise<void> {
    const cycle = randomUUID();
    await this.rows(
      `insert into cycle (tenant_id, id, number, state, scope, requested_by, due_at, finished_at)
       values ($1, $2, (select max(number) + 1000 from cycle), 'Learned', 'full', 'test', now(), now())`,
      [this.tenantId, cycle],
    );
    await this.rows(
      `insert into action (tenant_id, id, cycle_id, hypothesis_id, type, target, target_class, design, action_class,
         state, plan_hash, parameters, inverse, snapshot_hash, progress, reason, expected, exposure)
       select $1, gen_random_uuid(), $2, gen_random_uuid(), 'Placebo', 'nothing', 'placebo', 'replay', 'A',
         'Scheduled', $3, '{}', '{"kind":"nothing"}', $3, '{"startedAt":' || $4::text || '}', 'planted',
         '{"metric":"latency","direction":"lower","size":0,"low":0,"high":0}',
         '{"requestsPerHour":100,"meanSeconds":0.01}'
         from generate_series(1, $5::int)`,
      [this.tenantId, cycle, createHash('sha256').update('nothing').digest('hex'), Date.now(), count],
    );
    await this.rows(
      `insert into outbox (id, tenant_id, name, epoch, refs, trace, deliver_at)
       select gen_random_uuid(), tenant_id, 'loop.evidence.block.due', 3,
         json_build_object('cycleId', cycle_id, 'actionId', id, 'blockNo', 0)::text, '{}', now()
         from action where cycle_id = $1`,
      [cycle],
    );
  }

  /** What actions have written so far, and when they last did, in ms since the epoch. */
  async written(): Promise<{ pairs: number; steps: number; versions: number; lastMs: number }> {
    const [row] = await this.rows<{ pairs: string; steps: string; versions: string; last: Date }>(
      `select (select count(*) from evidence_pair) as pairs, (select count(*) from action_transition) as steps,
              (select sum(version) from action) as versions,
              greatest((select max(measured_at) from evidence_pair),
                       (select max(happened_at) from action_transition)) as last`,
    );
    const { pairs, steps, versions, last } = row!;
    return {
      pairs: Number(pairs),
      steps: Number(steps),
      versions: Number(versions),
      lastMs: last?.getTime() ?? 0,
    };
  }

  /** Every answer kept beside those of this action, and every concept: what a revert must leave alone. */
  async stateOfAnswers(): Promise<string> {
    return hashOf([
      await this.rows(`select input_hash, action_id, enabled from cached_activation order by 1, 2`),
      await this.rows(`select id, label, kept from concept order by 1`),
      await this.rows(`select atom_id, concept_id from atom_concept order by 1`),
    ]);
  }
}

const hashOf = (rows: unknown): string => createHash('sha256').update(JSON.stringify(rows)).digest('hex');
