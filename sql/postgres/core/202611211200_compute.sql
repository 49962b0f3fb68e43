-- The ledger of long computations: the truth about what was asked, cut, leased, done and found.
create table computation (
  tenant_id uuid not null references tenant (id),
  id uuid not null,
  order_no bigint not null generated always as identity,
  type text collate "C" not null,
  type_version integer not null check (type_version > 0),
  params text not null check (octet_length(params) <= 65536),
  options text not null,
  lane text collate "C" not null check (lane in ('user', 'tuning')),
  priority integer not null check (priority between -10 and 10),
  idempotency_key text collate "C" not null check (octet_length(idempotency_key) <= 800),
  requested_by text not null,
  -- Job of the public queue that awaits the result.
  public_job text,
  state text collate "C" not null check (state in ('Pending', 'Running', 'Pausing', 'Paused', 'Cancelling', 'Cancelled',
    'Completed', 'CompletedWithGaps', 'Failed')),
  version integer not null default 0,
  work text,
  carry bytea,
  total_cost double precision not null default 0,
  progress double precision not null default 0 check (progress between 0 and 1),
  -- Results that arrived with an old fence and were dropped, and the time they took.
  wasted integer not null default 0,
  wasted_ms double precision not null default 0,
  result text,
  output bytea,
  result_hash text collate "C",
  reason text,
  trace_id text collate "C",
  span_id text collate "C",
  created_at timestamptz(3) not null default now(),
  started_at timestamptz(3),
  finished_at timestamptz(3),
  primary key (tenant_id, id),
  unique (tenant_id, idempotency_key)
);
create index computation_open on computation (state) where state in ('Pending', 'Running', 'Pausing', 'Cancelling');

create table computation_chunk (
  tenant_id uuid not null,
  computation_id uuid not null,
  no integer not null check (no >= 0),
  round integer not null,
  lo bigint not null,
  hi bigint not null,
  cost double precision not null,
  -- The chunk that this one computes again.
  verifies integer,
  verified boolean not null default false,
  state text collate "C" not null default 'Pending' check (state in ('Pending', 'Leased', 'Done', 'Parked')),
  owner text collate "C",
  -- Rises with every lease and every loss of one; a result under an older one is refused.
  fence integer not null default 0,
  claims integer not null default 0,
  failures integer not null default 0,
  share double precision not null default 0,
  leased_at timestamptz(3),
  leased_until timestamptz(3),
  available_at timestamptz(3) not null default now(),
  elapsed_ms double precision,
  cpu_ms double precision,
  summary text,
  partial bytea,
  output bytea,
  checksum text collate "C",
  reason text,
  finished_at timestamptz(3),
  primary key (tenant_id, computation_id, no),
  foreign key (tenant_id, computation_id) references computation (tenant_id, id) on delete cascade
);
create index computation_chunk_open on computation_chunk (tenant_id, computation_id, state, no) where state in ('Pending', 'Leased');
create index computation_chunk_finished on computation_chunk (finished_at) include (tenant_id, elapsed_ms);

do $$
declare
  table_name text;
begin
  foreach table_name in array array['computation', 'computation_chunk'] loop
    execute format('alter table %I enable row level security', table_name);
    execute format('alter table %I force row level security', table_name);
    execute format('create policy of_tenant on %I using (tenant_id = (select app_tenant()))
      with check (tenant_id = (select app_tenant()))', table_name);
    execute format('create policy of_owner on %I to current_user using (true) with check (true)', table_name);
    -- The scheduler of the lane shares the workers out between tenants; it changes nothing.
    execute format('create policy of_system on %I for select to hartonomous_system using (true)', table_name);
    execute format('grant select, insert, update, delete on %I to hartonomous_app', table_name);
    execute format('grant select on %I to hartonomous_system', table_name);
  end loop;
end
$$;
