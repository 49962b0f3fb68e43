-- One atom row for equal bytes in the whole store; a tenant sees it only through tenant_atom.
create table atom (
  id uniqueidentifier primary key,
  content_hash varbinary(32) not null unique check (datalength(content_hash) = 32),
  modality nvarchar(20) collate Latin1_General_100_BIN2 not null
    check (modality in ('text', 'code', 'weights', 'session', 'image', 'audio', 'video')),
  text nvarchar(max),
  payload varbinary(max),
  size_bytes bigint not null check (size_bytes >= 0),
  -- Tenants that hold the atom.
  reference_count int not null default 0 check (reference_count >= 0),
  created_at datetimeoffset(3) not null default sysdatetimeoffset()
);

create table tenant_atom (
  tenant_id uniqueidentifier not null references tenant (id),
  atom_id uniqueidentifier not null,
  -- Regions of the tenant's sources that hold the atom.
  reference_count int not null check (reference_count >= 0),
  length_terms int not null default 0 check (length_terms >= 0),
  created_at datetimeoffset(3) not null default sysdatetimeoffset(),
  primary key (tenant_id, atom_id)
);

-- A file of a corpus as last ingested.
create table source (
  tenant_id uniqueidentifier not null references tenant (id),
  id uniqueidentifier not null,
  corpus nvarchar(200) collate Latin1_General_100_BIN2 not null check (len(corpus) between 1 and 200),
  path nvarchar(600) collate Latin1_General_100_BIN2 not null check (len(path) between 1 and 600),
  content_hash nvarchar(64) collate Latin1_General_100_BIN2 not null,
  size_bytes bigint not null check (size_bytes >= 0),
  language nvarchar(60) collate Latin1_General_100_BIN2 not null,
  updated_at datetimeoffset(3) not null default sysdatetimeoffset(),
  primary key (tenant_id, id),
  unique (tenant_id, corpus, path)
);

-- The regions of a file, in order, and the atom each one is.
create table atom_source (
  tenant_id uniqueidentifier not null,
  source_id uniqueidentifier not null,
  region_no int not null check (region_no >= 0),
  atom_id uniqueidentifier not null,
  symbol nvarchar(1000) collate Latin1_General_100_BIN2,
  heading nvarchar(1000) collate Latin1_General_100_BIN2,
  language nvarchar(60) collate Latin1_General_100_BIN2 not null,
  kind nvarchar(40) collate Latin1_General_100_BIN2 not null check (kind in ('code', 'text')),
  line_start int not null,
  line_end int not null,
  primary key (tenant_id, source_id, region_no),
  foreign key (tenant_id, source_id) references source (tenant_id, id) on delete cascade
);

create table atom_term (
  tenant_id uniqueidentifier not null,
  atom_id uniqueidentifier not null,
  term nvarchar(64) collate Latin1_General_100_BIN2 not null check (len(term) between 1 and 64),
  tf int not null check (tf > 0),
  primary key (tenant_id, atom_id, term)
);

-- float32 little-endian, row by row.
create table atom_embedding (
  tenant_id uniqueidentifier not null,
  embedding_model nvarchar(200) collate Latin1_General_100_BIN2 not null,
  atom_id uniqueidentifier not null,
  dimensions int not null check (dimensions between 1 and 16384),
  vector varbinary(max) not null,
  primary key (tenant_id, embedding_model, atom_id),
  check (datalength(vector) = dimensions * 4)
);

create table atom_relation (
  tenant_id uniqueidentifier not null,
  source_atom_id uniqueidentifier not null,
  target_atom_id uniqueidentifier not null,
  relation_type nvarchar(100) collate Latin1_General_100_BIN2 not null,
  weight float not null,
  primary key (tenant_id, source_atom_id, target_atom_id, relation_type)
);

create table corpus_state (
  tenant_id uniqueidentifier primary key references tenant (id),
  version bigint not null default 0,
  files int not null default 0 check (files >= 0),
  atoms int not null default 0 check (atoms >= 0),
  total_length bigint not null default 0 check (total_length >= 0)
);
