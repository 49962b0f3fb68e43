-- One atom row for equal bytes in the whole store; a tenant sees it only through tenant_atom.
create table atom (
  id uuid primary key,
  content_hash bytea not null unique check (octet_length(content_hash) = 32),
  modality text not null check (modality in ('text', 'code', 'weights', 'session', 'image', 'audio', 'video')),
  text text,
  payload bytea,
  size_bytes bigint not null check (size_bytes >= 0),
  -- Tenants that hold the atom.
  reference_count integer not null default 0 check (reference_count >= 0),
  created_at timestamptz(3) not null default now()
);

create table tenant_atom (
  tenant_id uuid not null references tenant (id),
  atom_id uuid not null,
  -- Regions of the tenant's sources that hold the atom.
  reference_count integer not null check (reference_count >= 0),
  length_terms integer not null default 0 check (length_terms >= 0),
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, atom_id)
);

-- A file of a corpus as last ingested.
create table source (
  tenant_id uuid not null references tenant (id),
  id uuid not null,
  corpus text collate "C" not null check (length(corpus) between 1 and 200),
  path text collate "C" not null check (length(path) between 1 and 600),
  content_hash text collate "C" not null,
  size_bytes bigint not null check (size_bytes >= 0),
  language text collate "C" not null,
  updated_at timestamptz(3) not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, corpus, path)
);

-- The regions of a file, in order, and the atom each one is.
create table atom_source (
  tenant_id uuid not null,
  source_id uuid not null,
  region_no integer not null check (region_no >= 0),
  atom_id uuid not null,
  symbol text,
  heading text,
  language text collate "C" not null,
  kind text collate "C" not null check (kind in ('code', 'text')),
  line_start integer not null,
  line_end integer not null,
  primary key (tenant_id, source_id, region_no),
  foreign key (tenant_id, source_id) references source (tenant_id, id) on delete cascade
);

create table atom_term (
  tenant_id uuid not null,
  atom_id uuid not null,
  term text collate "C" not null check (length(term) between 1 and 64),
  tf integer not null check (tf > 0),
  primary key (tenant_id, atom_id, term)
);

-- float32 little-endian, row by row.
create table atom_embedding (
  tenant_id uuid not null,
  embedding_model text collate "C" not null,
  atom_id uuid not null,
  dimensions integer not null check (dimensions between 1 and 16384),
  vector bytea not null,
  primary key (tenant_id, embedding_model, atom_id),
  check (octet_length(vector) = dimensions * 4)
);

create table atom_relation (
  tenant_id uuid not null,
  source_atom_id uuid not null,
  target_atom_id uuid not null,
  relation_type text collate "C" not null,
  weight double precision not null,
  primary key (tenant_id, source_atom_id, target_atom_id, relation_type)
);

create table corpus_state (
  tenant_id uuid primary key references tenant (id),
  version bigint not null default 0,
  files integer not null default 0 check (files >= 0),
  atoms integer not null default 0 check (atoms >= 0),
  total_length bigint not null default 0 check (total_length >= 0)
);
