-- Who uses the store. The other tables carry tenant_id and obey it twice: in every WHERE, and by policy.
create function app_tenant() returns uuid
  language sql stable parallel safe
  return nullif(current_setting('app.tenant', true), '')::uuid;

comment on function app_tenant() is
  'Tenant of the running transaction; null outside one, and then the policies let nothing through.';

create table tenant (
  id uuid primary key,
  name text not null unique check (length(name) between 1 and 200),
  created_at timestamptz(3) not null default now()
);

create table principal (
  tenant_id uuid not null references tenant (id),
  id uuid not null,
  name text not null check (length(name) between 1 and 200),
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, name)
);

create table api_key (
  id uuid primary key,
  tenant_id uuid not null,
  principal_id uuid not null,
  key_hash text collate "C" not null unique check (key_hash ~ '^[0-9a-f]{64}$'),
  scopes text not null,
  label text not null,
  expires_at timestamptz(3),
  revoked_at timestamptz(3),
  created_at timestamptz(3) not null default now(),
  foreign key (tenant_id, principal_id) references principal (tenant_id, id)
);

create table setting (
  tenant_id uuid not null references tenant (id),
  name text collate "C" not null check (length(name) between 1 and 200),
  value text not null,
  updated_by text not null,
  updated_at timestamptz(3) not null default now(),
  primary key (tenant_id, name)
);
