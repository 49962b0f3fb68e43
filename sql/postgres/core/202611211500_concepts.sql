-- Concepts: groups of a tenant's atoms that lie close together, found by the loop and kept once they proved stable.
create table concept (
  tenant_id uuid not null references tenant (id),
  id uuid not null,
  embedding_model text collate "C" not null,
  label text not null check (length(label) between 1 and 200),
  mean_distance double precision not null check (mean_distance >= 0),
  action_id uuid not null,
  kept boolean not null default false,
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, id)
);

create table atom_concept (
  tenant_id uuid not null,
  atom_id uuid not null,
  concept_id uuid not null,
  distance double precision not null check (distance >= 0),
  primary key (tenant_id, atom_id),
  foreign key (tenant_id, concept_id) references concept (tenant_id, id) on delete cascade
);

do $$
declare
  table_name text;
begin
  foreach table_name in array array['concept', 'atom_concept'] loop
    execute format('alter table %I enable row level security', table_name);
    execute format('alter table %I force row level security', table_name);
    execute format('create policy of_tenant on %I using (tenant_id = (select app_tenant()))
      with check (tenant_id = (select app_tenant()))', table_name);
    execute format('create policy of_owner on %I to current_user using (true) with check (true)', table_name);
    execute format('grant select, insert, update, delete on %I to hartonomous_app', table_name);
  end loop;
end
$$;
