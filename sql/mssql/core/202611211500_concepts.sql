-- Concepts: groups of a tenant's atoms that lie close together, found by the loop and kept once they proved stable.
create table concept (
  tenant_id uniqueidentifier not null references tenant (id),
  id uniqueidentifier not null,
  embedding_model nvarchar(100) collate Latin1_General_100_BIN2 not null,
  label nvarchar(200) not null check (len(label) between 1 and 200),
  mean_distance float not null check (mean_distance >= 0),
  action_id uniqueidentifier not null,
  kept bit not null default 0,
  created_at datetimeoffset(3) not null default sysdatetimeoffset(),
  primary key (tenant_id, id)
);

create table atom_concept (
  tenant_id uniqueidentifier not null,
  atom_id uniqueidentifier not null,
  concept_id uniqueidentifier not null,
  distance float not null check (distance >= 0),
  primary key (tenant_id, atom_id),
  foreign key (tenant_id, concept_id) references concept (tenant_id, id) on delete cascade
);

create type rows_uuttfu as table (
  c1 uniqueidentifier,
  c2 uniqueidentifier,
  c3 nvarchar(max) collate Latin1_General_100_BIN2,
  c4 nvarchar(max) collate Latin1_General_100_BIN2,
  c5 float,
  c6 uniqueidentifier
);

create type rows_uuuf as table (
  c1 uniqueidentifier,
  c2 uniqueidentifier,
  c3 uniqueidentifier,
  c4 float
);
