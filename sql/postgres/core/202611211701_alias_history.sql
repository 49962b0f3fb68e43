-- What an alias named before: written by the statement that replaces it, true in [valid_from, valid_to).
create table model_alias_history (
  tenant_id uuid not null,
  alias text collate "C" not null,
  model_id uuid not null,
  previous_model_id uuid,
  changed_by text not null,
  why text not null,
  valid_from timestamptz(3) not null,
  valid_to timestamptz(3) not null check (valid_from < valid_to),
  primary key (tenant_id, alias, valid_to)
);
alter table model_alias_history enable row level security;
alter table model_alias_history force row level security;
create policy of_tenant on model_alias_history using (tenant_id = (select app_tenant()))
  with check (tenant_id = (select app_tenant()));
create policy of_owner on model_alias_history to current_user using (true) with check (true);
grant select, insert, delete on model_alias_history to hartonomous_app;

-- Retention is the plumbing's, over all tenants: it drops old rows and writes none. To find them it reads when they
-- ended, nothing else.
create policy of_system on model_alias_history to hartonomous_system using (true);
create policy of_system on tensor_atom_coefficient_history to hartonomous_system using (true);
grant select (valid_to), delete on model_alias_history, tensor_atom_coefficient_history to hartonomous_system;
