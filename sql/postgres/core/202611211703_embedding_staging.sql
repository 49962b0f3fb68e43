-- New vectors are written here; above a number of rows they are promoted into atom_embedding, which a vector index
-- serves. A vector that stands in both is the staged one.
create table atom_embedding_staging (
  tenant_id uuid not null,
  embedding_model text collate "C" not null,
  atom_id uuid not null,
  dimensions integer not null check (dimensions between 1 and 16384),
  vector bytea not null,
  primary key (tenant_id, embedding_model, atom_id),
  check (octet_length(vector) = dimensions * 4)
);
alter table atom_embedding_staging enable row level security;
alter table atom_embedding_staging force row level security;
create policy of_tenant on atom_embedding_staging using (tenant_id = (select app_tenant()))
  with check (tenant_id = (select app_tenant()));
create policy of_owner on atom_embedding_staging to current_user using (true) with check (true);
grant select, insert, update, delete on atom_embedding_staging to hartonomous_app;
