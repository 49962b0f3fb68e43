-- New vectors are written here; above a number of rows they are promoted into atom_embedding, which a vector index
-- serves. A vector that stands in both is the staged one.
create table atom_embedding_staging (
  tenant_id uniqueidentifier not null,
  embedding_model nvarchar(200) collate Latin1_General_100_BIN2 not null,
  atom_id uniqueidentifier not null,
  dimensions int not null check (dimensions between 1 and 16384),
  vector varbinary(max) not null,
  primary key (tenant_id, embedding_model, atom_id),
  check (datalength(vector) = dimensions * 4)
);
