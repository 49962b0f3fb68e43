-- Who uses the store. The other tables carry tenant_id and obey it in every WHERE; the rls feature adds policies.
create table tenant (
  id uniqueidentifier primary key,
  name nvarchar(200) collate Latin1_General_100_BIN2 not null unique check (len(name) between 1 and 200),
  created_at datetimeoffset(3) not null default sysdatetimeoffset()
);

create table principal (
  tenant_id uniqueidentifier not null references tenant (id),
  id uniqueidentifier not null,
  name nvarchar(200) collate Latin1_General_100_BIN2 not null check (len(name) between 1 and 200),
  created_at datetimeoffset(3) not null default sysdatetimeoffset(),
  primary key (tenant_id, id),
  unique (tenant_id, name)
);

create table api_key (
  id uniqueidentifier primary key,
  tenant_id uniqueidentifier not null,
  principal_id uniqueidentifier not null,
  key_hash nvarchar(64) collate Latin1_General_100_BIN2 not null unique check (len(key_hash) = 64),
  scopes nvarchar(max) not null,
  label nvarchar(200) collate Latin1_General_100_BIN2 not null,
  expires_at datetimeoffset(3),
  revoked_at datetimeoffset(3),
  created_at datetimeoffset(3) not null default sysdatetimeoffset(),
  foreign key (tenant_id, principal_id) references principal (tenant_id, id)
);

create table setting (
  tenant_id uniqueidentifier not null references tenant (id),
  name nvarchar(200) collate Latin1_General_100_BIN2 not null check (len(name) between 1 and 200),
  value nvarchar(max) not null,
  updated_by nvarchar(200) collate Latin1_General_100_BIN2 not null,
  updated_at datetimeoffset(3) not null default sysdatetimeoffset(),
  primary key (tenant_id, name)
);
