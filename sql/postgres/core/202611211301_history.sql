-- Old rows of tensor_atom_coefficient, written by the statement that replaces them: true in [valid_from, valid_to).
create table tensor_atom_coefficient_history (
  tenant_id uuid not null,
  model_id uuid not null,
  atom_id uuid not null,
  tensor_no integer not null,
  segment_no bigint not null,
  x double precision not null,
  y double precision not null,
  z double precision not null,
  hilbert bigint not null,
  coefficient double precision not null,
  valid_from timestamptz(3) not null,
  valid_to timestamptz(3) not null check (valid_from < valid_to),
  primary key (tenant_id, model_id, atom_id, tensor_no, segment_no, valid_to)
);

alter table tensor_atom_coefficient_history enable row level security;
alter table tensor_atom_coefficient_history force row level security;
create policy of_tenant on tensor_atom_coefficient_history using (tenant_id = (select app_tenant()))
  with check (tenant_id = (select app_tenant()));
create policy of_owner on tensor_atom_coefficient_history to current_user using (true) with check (true);
-- History is written and dropped by retention, never changed.
grant select, insert, delete on tensor_atom_coefficient_history to hartonomous_app;
