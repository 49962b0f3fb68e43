-- Models and the map. Versions are overlays: the base places stand in tensor_atom, what a version moved in
-- tensor_atom_coefficient; the effective place is the version's row, else its parent's, else the base.
create table landmark_set (
  tenant_id uuid not null references tenant (id),
  id uuid not null,
  embedding_model text collate "C" not null,
  version integer not null check (version > 0),
  seed bigint not null,
  data bytea not null,
  report text not null,
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, embedding_model, version)
);

create table model (
  tenant_id uuid not null references tenant (id),
  id uuid not null,
  name text collate "C" not null,
  architecture text not null,
  format text,
  parent_id uuid,
  version integer not null check (version > 0),
  status text not null check (status in ('ready', 'candidate', 'retired')),
  -- Weights of the position terms of the score: {"a", "b", "sigma"}.
  ranking text not null,
  budget_bytes bigint,
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, name, version),
  foreign key (tenant_id, parent_id) references model (tenant_id, id)
);

create table model_alias (
  tenant_id uuid not null,
  alias text collate "C" not null,
  model_id uuid not null,
  previous_model_id uuid,
  changed_by text not null,
  why text not null,
  changed_at timestamptz(3) not null default now(),
  primary key (tenant_id, alias),
  foreign key (tenant_id, model_id) references model (tenant_id, id)
);

create table tensor_atom (
  tenant_id uuid not null,
  model_id uuid not null,
  atom_id uuid not null,
  -- 0 and 0 in a native model, whose tensor atoms are its text and code atoms.
  tensor_no integer not null default 0 check (tensor_no >= 0),
  segment_no bigint not null default 0 check (segment_no >= 0),
  x double precision not null check (x between 0 and 100),
  y double precision not null check (y between 0 and 100),
  z double precision not null check (z between -10 and 10),
  importance double precision not null default 0,
  hilbert bigint not null check (hilbert >= 0),
  value_min double precision,
  value_max double precision,
  value_norm double precision,
  last_used_at timestamptz(3),
  primary key (tenant_id, model_id, atom_id, tensor_no, segment_no),
  foreign key (tenant_id, model_id) references model (tenant_id, id)
);

create table tensor_atom_coefficient (
  tenant_id uuid not null,
  model_id uuid not null,
  atom_id uuid not null,
  tensor_no integer not null default 0 check (tensor_no >= 0),
  segment_no bigint not null default 0 check (segment_no >= 0),
  x double precision not null check (x between 0 and 100),
  y double precision not null check (y between 0 and 100),
  z double precision not null check (z between -10 and 10),
  hilbert bigint not null check (hilbert >= 0),
  coefficient double precision not null default 0,
  updated_at timestamptz(3) not null default now(),
  primary key (tenant_id, model_id, atom_id, tensor_no, segment_no),
  foreign key (tenant_id, model_id) references model (tenant_id, id)
);
