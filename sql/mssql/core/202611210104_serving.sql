-- What was asked, what was answered, and where sessions went.
create table inference_request (
  tenant_id uniqueidentifier not null,
  id uniqueidentifier not null,
  model_id uniqueidentifier not null,
  operation nvarchar(40) collate Latin1_General_100_BIN2 not null
    check (operation in ('search', 'similar', 'activate', 'attend', 'models',
    'ensemble', 'path', 'synthesise', 'generate')),
  input_hash nvarchar(64) collate Latin1_General_100_BIN2 not null,
  input nvarchar(max) not null,
  started_at datetimeoffset(3) not null,
  duration_ms float not null check (duration_ms >= 0),
  tokens int,
  status nvarchar(40) collate Latin1_General_100_BIN2 not null check (status in ('ok', 'error', 'timeout')),
  cache_hit bit not null,
  action_id uniqueidentifier,
  block_no int,
  arm nvarchar(20) collate Latin1_General_100_BIN2 check (arm in ('treated', 'control')),
  session_id uniqueidentifier,
  trace_id nvarchar(64) collate Latin1_General_100_BIN2,
  span_id nvarchar(32) collate Latin1_General_100_BIN2,
  result_count int not null check (result_count >= 0),
  primary key (tenant_id, id)
);

create table inference_step (
  tenant_id uniqueidentifier not null,
  request_id uniqueidentifier not null,
  step_rank int not null check (step_rank >= 0),
  atom_id uniqueidentifier not null,
  score float not null,
  primary key (tenant_id, request_id, step_rank)
);

create table inference_feedback (
  tenant_id uniqueidentifier not null,
  id uniqueidentifier not null,
  request_id uniqueidentifier not null,
  rating int not null check (rating between 1 and 5),
  rater nvarchar(200) collate Latin1_General_100_BIN2 not null,
  comment nvarchar(max),
  created_at datetimeoffset(3) not null default sysdatetimeoffset(),
  primary key (tenant_id, id),
  unique (tenant_id, request_id, rater)
);

create table session (
  tenant_id uniqueidentifier not null,
  id uniqueidentifier not null,
  started_at datetimeoffset(3) not null,
  outcome nvarchar(max),
  primary key (tenant_id, id)
);

create table session_path (
  tenant_id uniqueidentifier not null,
  session_id uniqueidentifier not null,
  request_id uniqueidentifier not null,
  visited_at datetimeoffset(3) not null,
  x float not null,
  y float not null,
  z float not null,
  primary key (tenant_id, session_id, request_id)
);

create table cached_activation (
  tenant_id uniqueidentifier not null,
  model_id uniqueidentifier not null,
  input_hash nvarchar(64) collate Latin1_General_100_BIN2 not null,
  corpus_version bigint not null,
  answer nvarchar(max) not null,
  compute_ms float not null check (compute_ms >= 0),
  hits bigint not null default 0,
  saved_ms float not null default 0,
  action_id uniqueidentifier,
  block_no int,
  enabled bit not null,
  measuring bit not null,
  expires_at datetimeoffset(3) not null,
  created_at datetimeoffset(3) not null default sysdatetimeoffset(),
  primary key (tenant_id, model_id, input_hash)
);
