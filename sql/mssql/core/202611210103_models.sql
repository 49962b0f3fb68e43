-- Models and the map. Versions are overlays: the base places stand in tensor_atom, what a version moved in
-- tensor_atom_coefficient; the effective place is the version's row, else its parent's, else the base.
create table landmark_set (
  tenant_id uniqueidentifier not null references tenant (id),
  id uniqueidentifier not null,
  embedding_model nvarchar(200) collate Latin1_General_100_BIN2 not null,
  version int not null check (version > 0),
  seed bigint not null,
  data varbinary(max) not null,
  report nvarchar(max) not null,
  created_at datetimeoffset(3) not null default sysdatetimeoffset(),
  primary key (tenant_id, id),
  unique (tenant_id, embedding_model, version)
);

create table model (
  tenant_id uniqueidentifier not null references tenant (id),
  id uniqueidentifier not null,
  name nvarchar(200) collate Latin1_General_100_BIN2 not null,
  architecture nvarchar(100) collate Latin1_General_100_BIN2 not null,
  format nvarchar(60) collate Latin1_General_100_BIN2,
  parent_id uniqueidentifier,
  version int not null check (version > 0),
  status nvarchar(40) collate Latin1_General_100_BIN2 not null check (status in ('ready', 'candidate', 'retired')),
  -- Weights of the position terms of the score: {"a", "b", "sigma"}.
  ranking nvarchar(max) not null,
  budget_bytes bigint,
  created_at datetimeoffset(3) not null default sysdatetimeoffset(),
  primary key (tenant_id, id),
  unique (tenant_id, name, version),
  foreign key (tenant_id, parent_id) references model (tenant_id, id)
);

create table model_alias (
  tenant_id uniqueidentifier not null,
  alias nvarchar(200) collate Latin1_General_100_BIN2 not null,
  model_id uniqueidentifier not null,
  previous_model_id uniqueidentifier,
  changed_by nvarchar(200) collate Latin1_General_100_BIN2 not null,
  why nvarchar(max) not null,
  changed_at datetimeoffset(3) not null default sysdatetimeoffset(),
  primary key (tenant_id, alias),
  foreign key (tenant_id, model_id) references model (tenant_id, id)
);

create table tensor_atom (
  tenant_id uniqueidentifier not null,
  model_id uniqueidentifier not null,
  atom_id uniqueidentifier not null,
  -- 0 and 0 in a native model, whose tensor atoms are its text and code atoms.
  tensor_no int not null default 0 check (tensor_no >= 0),
  segment_no bigint not null default 0 check (segment_no >= 0),
  x float not null check (x between 0 and 100),
  y float not null check (y between 0 and 100),
  z float not null check (z between -10 and 10),
  importance float not null default 0,
  hilbert bigint not null check (hilbert >= 0),
  value_min float,
  value_max float,
  value_norm float,
  last_used_at datetimeoffset(3),
  primary key (tenant_id, model_id, atom_id, tensor_no, segment_no),
  foreign key (tenant_id, model_id) references model (tenant_id, id)
);

create table tensor_atom_coefficient (
  tenant_id uniqueidentifier not null,
  model_id uniqueidentifier not null,
  atom_id uniqueidentifier not null,
  tensor_no int not null default 0 check (tensor_no >= 0),
  segment_no bigint not null default 0 check (segment_no >= 0),
  x float not null check (x between 0 and 100),
  y float not null check (y between 0 and 100),
  z float not null check (z between -10 and 10),
  hilbert bigint not null check (hilbert >= 0),
  coefficient float not null default 0,
  updated_at datetimeoffset(3) not null default sysdatetimeoffset(),
  primary key (tenant_id, model_id, atom_id, tensor_no, segment_no),
  foreign key (tenant_id, model_id) references model (tenant_id, id)
);
