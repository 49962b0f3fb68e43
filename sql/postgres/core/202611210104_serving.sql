-- What was asked, what was answered, and where sessions went.
create table inference_request (
  tenant_id uuid not null,
  id uuid not null,
  model_id uuid not null,
  operation text collate "C" not null check (operation in ('search', 'similar', 'activate', 'attend', 'models',
    'ensemble', 'path', 'synthesise', 'generate')),
  input_hash text collate "C" not null,
  input text not null,
  started_at timestamptz(3) not null,
  duration_ms double precision not null check (duration_ms >= 0),
  tokens integer,
  status text collate "C" not null check (status in ('ok', 'error', 'timeout')),
  cache_hit boolean not null,
  action_id uuid,
  block_no integer,
  arm text collate "C" check (arm in ('treated', 'control')),
  session_id uuid,
  trace_id text collate "C",
  span_id text collate "C",
  result_count integer not null check (result_count >= 0),
  primary key (tenant_id, id)
);

create table inference_step (
  tenant_id uuid not null,
  request_id uuid not null,
  step_rank integer not null check (step_rank >= 0),
  atom_id uuid not null,
  score double precision not null,
  primary key (tenant_id, request_id, step_rank)
);

create table inference_feedback (
  tenant_id uuid not null,
  id uuid not null,
  request_id uuid not null,
  rating integer not null check (rating between 1 and 5),
  rater text not null,
  comment text,
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, request_id, rater)
);

create table session (
  tenant_id uuid not null,
  id uuid not null,
  started_at timestamptz(3) not null,
  outcome text,
  primary key (tenant_id, id)
);

create table session_path (
  tenant_id uuid not null,
  session_id uuid not null,
  request_id uuid not null,
  visited_at timestamptz(3) not null,
  x double precision not null,
  y double precision not null,
  z double precision not null,
  primary key (tenant_id, session_id, request_id)
);

create table cached_activation (
  tenant_id uuid not null,
  model_id uuid not null,
  input_hash text collate "C" not null,
  corpus_version bigint not null,
  answer text not null,
  compute_ms double precision not null check (compute_ms >= 0),
  hits bigint not null default 0,
  saved_ms double precision not null default 0,
  action_id uuid,
  block_no integer,
  enabled boolean not null,
  measuring boolean not null,
  expires_at timestamptz(3) not null,
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, model_id, input_hash)
);
