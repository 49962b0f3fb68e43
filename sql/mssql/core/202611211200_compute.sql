-- The ledger of long computations: the truth about what was asked, cut, leased, done and found.
create table computation (
  tenant_id uniqueidentifier not null references tenant (id),
  id uniqueidentifier not null,
  order_no bigint not null identity (1, 1),
  type nvarchar(100) collate Latin1_General_100_BIN2 not null,
  type_version int not null check (type_version > 0),
  params nvarchar(max) not null check (datalength(params) <= 131072),
  options nvarchar(max) not null,
  lane nvarchar(20) collate Latin1_General_100_BIN2 not null check (lane in ('user', 'tuning')),
  priority int not null check (priority between -10 and 10),
  idempotency_key nvarchar(200) collate Latin1_General_100_BIN2 not null,
  requested_by nvarchar(200) not null,
  -- Job of the public queue that awaits the result.
  public_job nvarchar(200),
  state nvarchar(40) collate Latin1_General_100_BIN2 not null check (state in ('Pending', 'Running', 'Pausing', 'Paused',
    'Cancelling', 'Cancelled', 'Completed', 'CompletedWithGaps', 'Failed')),
  version int not null default 0,
  work nvarchar(max),
  carry varbinary(max),
  total_cost float not null default 0,
  progress float not null default 0 check (progress between 0 and 1),
  -- Results that arrived with an old fence and were dropped, and the time they took.
  wasted int not null default 0,
  wasted_ms float not null default 0,
  result nvarchar(max),
  output varbinary(max),
  result_hash nvarchar(64) collate Latin1_General_100_BIN2,
  reason nvarchar(max),
  trace_id nvarchar(64) collate Latin1_General_100_BIN2,
  span_id nvarchar(32) collate Latin1_General_100_BIN2,
  created_at datetimeoffset(3) not null default sysdatetimeoffset(),
  started_at datetimeoffset(3),
  finished_at datetimeoffset(3),
  primary key (tenant_id, id),
  unique (tenant_id, idempotency_key)
);
create index computation_open on computation (state);

create table computation_chunk (
  tenant_id uniqueidentifier not null,
  computation_id uniqueidentifier not null,
  no int not null check (no >= 0),
  round int not null,
  lo bigint not null,
  hi bigint not null,
  cost float not null,
  -- The chunk that this one computes again.
  verifies int,
  verified bit not null default 0,
  state nvarchar(20) collate Latin1_General_100_BIN2 not null default 'Pending'
    check (state in ('Pending', 'Leased', 'Done', 'Parked')),
  owner nvarchar(200) collate Latin1_General_100_BIN2,
  -- Rises with every lease and every loss of one; a result under an older one is refused.
  fence int not null default 0,
  claims int not null default 0,
  failures int not null default 0,
  share float not null default 0,
  leased_at datetimeoffset(3),
  leased_until datetimeoffset(3),
  available_at datetimeoffset(3) not null default sysdatetimeoffset(),
  elapsed_ms float,
  cpu_ms float,
  summary nvarchar(max),
  partial varbinary(max),
  output varbinary(max),
  checksum nvarchar(64) collate Latin1_General_100_BIN2,
  reason nvarchar(max),
  finished_at datetimeoffset(3),
  primary key (tenant_id, computation_id, no),
  foreign key (tenant_id, computation_id) references computation (tenant_id, id) on delete cascade
);
create index computation_chunk_open on computation_chunk (tenant_id, computation_id, state, no);
create index computation_chunk_finished on computation_chunk (finished_at);

create type rows_iibbfi as table (
  c1 int,
  c2 int,
  c3 bigint,
  c4 bigint,
  c5 float,
  c6 int
);
