-- Delivery, locks, audit, traces.
create table outbox (
  id uuid primary key,
  tenant_id uuid not null references tenant (id),
  name text collate "C" not null,
  epoch integer not null check (epoch >= 0),
  refs text not null check (octet_length(refs) <= 65536),
  trace text not null,
  deliver_at timestamptz(3) not null,
  published_at timestamptz(3),
  leased_until timestamptz(3),
  created_at timestamptz(3) not null default now()
);

create table inbox (
  tenant_id uuid not null,
  message_id uuid not null,
  consumer text collate "C" not null,
  received_at timestamptz(3) not null default now(),
  primary key (tenant_id, message_id, consumer)
);

create table dead_letter (
  id uuid primary key,
  queue text not null,
  message_id text,
  name text,
  code text not null,
  reason text not null,
  body text not null check (octet_length(body) <= 8192),
  created_at timestamptz(3) not null default now()
);

-- h_n = SHA-256(h_(n-1) || '|' seq '|' instant in ms '|' SHA-256 of the canonical entry, in hex). The head makes a
-- cut tail visible.
create table audit_head (
  tenant_id uuid primary key references tenant (id),
  seq bigint not null default 0,
  hash bytea not null default decode(repeat('00', 32), 'hex')
);

create table audit (
  tenant_id uuid not null,
  seq bigint not null check (seq > 0),
  what text not null,
  subject text not null,
  who text not null,
  why text not null,
  trace_id text,
  happened_at timestamptz(3) not null,
  hash bytea not null check (octet_length(hash) = 32),
  primary key (tenant_id, seq)
);

create table kill_switch (
  id integer primary key check (id = 1),
  is_on boolean not null,
  reason text,
  changed_by text,
  changed_at timestamptz(3)
);
insert into kill_switch (id, is_on) values (1, false);

create table lease (
  name text collate "C" primary key,
  owner text collate "C" not null,
  fence integer not null,
  expires_at timestamptz(3) not null
);

create table service_heartbeat (
  service text collate "C" not null,
  instance text collate "C" not null,
  pid integer not null,
  started_at timestamptz(3) not null,
  seen_at timestamptz(3) not null,
  detail text not null,
  primary key (service, instance)
);

create table span (
  trace_id text collate "C" not null,
  span_id text collate "C" not null,
  parent_span_id text collate "C",
  tenant_id uuid,
  service text not null,
  name text not null,
  kind text not null,
  started_at timestamptz(3) not null,
  duration_ms double precision,
  status text collate "C" not null check (status in ('ok', 'error', 'unset')),
  attributes text not null,
  links text not null,
  primary key (trace_id, span_id)
);

-- Who looked across tenants, why and how often: the audit of withSystem, counted per reason and process.
create table system_access (
  reason text collate "C" not null,
  instance text collate "C" not null,
  uses bigint not null,
  first_at timestamptz(3) not null,
  last_at timestamptz(3) not null,
  primary key (reason, instance)
);
