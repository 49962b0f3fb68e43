-- Delivery, locks, audit, traces.
create table outbox (
  id uniqueidentifier primary key,
  tenant_id uniqueidentifier not null references tenant (id),
  name nvarchar(200) collate Latin1_General_100_BIN2 not null,
  epoch int not null check (epoch >= 0),
  refs nvarchar(max) not null check (datalength(refs) <= 131072),
  trace nvarchar(max) not null,
  deliver_at datetimeoffset(3) not null,
  published_at datetimeoffset(3),
  leased_until datetimeoffset(3),
  created_at datetimeoffset(3) not null default sysdatetimeoffset()
);

create table inbox (
  tenant_id uniqueidentifier not null,
  message_id uniqueidentifier not null,
  consumer nvarchar(100) collate Latin1_General_100_BIN2 not null,
  received_at datetimeoffset(3) not null default sysdatetimeoffset(),
  primary key (tenant_id, message_id, consumer)
);

create table dead_letter (
  id uniqueidentifier primary key,
  queue nvarchar(100) collate Latin1_General_100_BIN2 not null,
  message_id nvarchar(200) collate Latin1_General_100_BIN2,
  name nvarchar(200) collate Latin1_General_100_BIN2,
  code nvarchar(60) collate Latin1_General_100_BIN2 not null,
  reason nvarchar(max) not null,
  body nvarchar(max) not null check (datalength(body) <= 8192),
  created_at datetimeoffset(3) not null default sysdatetimeoffset()
);

-- h_n = SHA-256(h_(n-1) || '|' seq '|' instant in ms '|' SHA-256 of the canonical entry, in hex). The head makes a
-- cut tail visible.
create table audit_head (
  tenant_id uniqueidentifier primary key references tenant (id),
  seq bigint not null default 0,
  hash varbinary(32) not null default 0x0000000000000000000000000000000000000000000000000000000000000000
);

create table audit (
  tenant_id uniqueidentifier not null,
  seq bigint not null,
  what nvarchar(max) not null,
  subject nvarchar(max) not null,
  who nvarchar(200) collate Latin1_General_100_BIN2 not null,
  why nvarchar(max) not null,
  trace_id nvarchar(64) collate Latin1_General_100_BIN2,
  happened_at datetimeoffset(3) not null,
  hash varbinary(32) not null,
  primary key (tenant_id, seq)
);

create table kill_switch (
  id int primary key check (id = 1),
  is_on bit not null,
  reason nvarchar(max),
  changed_by nvarchar(200) collate Latin1_General_100_BIN2,
  changed_at datetimeoffset(3)
);
insert into kill_switch (id, is_on) values (1, 0);

create table lease (
  name nvarchar(200) collate Latin1_General_100_BIN2 primary key,
  owner nvarchar(200) collate Latin1_General_100_BIN2 not null,
  fence int not null,
  expires_at datetimeoffset(3) not null
);

create table service_heartbeat (
  service nvarchar(100) collate Latin1_General_100_BIN2 not null,
  instance nvarchar(200) collate Latin1_General_100_BIN2 not null,
  pid int not null,
  started_at datetimeoffset(3) not null,
  seen_at datetimeoffset(3) not null,
  detail nvarchar(max) not null,
  primary key (service, instance)
);

create table span (
  trace_id nvarchar(64) collate Latin1_General_100_BIN2 not null,
  span_id nvarchar(32) collate Latin1_General_100_BIN2 not null,
  parent_span_id nvarchar(32) collate Latin1_General_100_BIN2,
  tenant_id uniqueidentifier,
  service nvarchar(100) collate Latin1_General_100_BIN2 not null,
  name nvarchar(max) not null,
  kind nvarchar(40) collate Latin1_General_100_BIN2 not null,
  started_at datetimeoffset(3) not null,
  duration_ms float,
  status nvarchar(40) collate Latin1_General_100_BIN2 not null check (status in ('ok', 'error', 'unset')),
  attributes nvarchar(max) not null,
  links nvarchar(max) not null,
  primary key (trace_id, span_id)
);

-- Who looked across tenants, why and how often: the audit of withSystem, counted per reason and process.
create table system_access (
  reason nvarchar(200) collate Latin1_General_100_BIN2 not null,
  instance nvarchar(200) collate Latin1_General_100_BIN2 not null,
  uses bigint not null,
  first_at datetimeoffset(3) not null,
  last_at datetimeoffset(3) not null,
  primary key (reason, instance)
);
