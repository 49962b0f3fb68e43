-- Three logins. app: one tenant a transaction, by policy. system: the plumbing across tenants. owner: the tables.
do $$
declare
  role_name text;
begin
  foreach role_name in array array['hartonomous_app', 'hartonomous_system'] loop
    if not exists (select 1 from pg_roles where rolname = role_name) then
      execute format('create role %I nologin', role_name);
    end if;
  end loop;
end
$$;

do $$
declare
  table_name text;
begin
  foreach table_name in array array[
    'principal', 'api_key', 'setting', 'tenant_atom', 'source', 'atom_source', 'atom_term', 'atom_embedding',
    'atom_relation', 'corpus_state', 'landmark_set', 'model', 'model_alias', 'tensor_atom', 'tensor_atom_coefficient',
    'inference_request', 'inference_step', 'inference_feedback', 'session', 'session_path', 'cached_activation',
    'cycle', 'observation', 'hypothesis', 'rejected_candidate', 'action', 'action_transition', 'evidence_pair',
    'improvement_history', 'belief', 'learning_metric', 'outbox', 'inbox', 'audit', 'audit_head'
  ] loop
    execute format('alter table %I enable row level security', table_name);
    execute format('alter table %I force row level security', table_name);
    -- The scalar sub-select is evaluated once a statement, not once a row.
    execute format('create policy of_tenant on %I using (tenant_id = (select app_tenant()))
      with check (tenant_id = (select app_tenant()))', table_name);
    execute format('create policy of_owner on %I to current_user using (true) with check (true)', table_name);
    execute format('grant select, insert, update, delete on %I to hartonomous_app', table_name);
  end loop;
end
$$;

alter table tenant enable row level security;
alter table tenant force row level security;
create policy of_tenant on tenant using (id = (select app_tenant()));
create policy of_owner on tenant to current_user using (true) with check (true);
create policy of_system on tenant to hartonomous_system using (true) with check (true);
grant select on tenant to hartonomous_app;

alter table atom enable row level security;
alter table atom force row level security;
create policy of_tenant on atom for select using (
  exists (select 1 from tenant_atom t where t.tenant_id = (select app_tenant()) and t.atom_id = atom.id)
);
create policy of_owner on atom to current_user using (true) with check (true);
grant select on atom to hartonomous_app;
revoke all on function merge_atoms(uuid[], text[], text[]) from public;
revoke all on function count_atom_references(uuid[], integer) from public;
grant execute on function merge_atoms(uuid[], text[], text[]) to hartonomous_app;
grant execute on function count_atom_references(uuid[], integer) to hartonomous_app;

-- The audit grows at its end only.
revoke update, delete on audit from hartonomous_app;
revoke insert, delete on audit_head from hartonomous_app;
revoke update, delete on action_transition, evidence_pair, improvement_history from hartonomous_app;

do $$
declare
  table_name text;
begin
  foreach table_name in array array['outbox', 'inbox', 'principal', 'api_key', 'corpus_state', 'audit_head'] loop
    execute format('create policy of_system on %I to hartonomous_system using (true) with check (true)', table_name);
  end loop;
end
$$;
grant select, insert on tenant, corpus_state, audit_head to hartonomous_system;
grant select on principal, api_key to hartonomous_system;
grant select, update on outbox to hartonomous_system;
grant select, delete on inbox to hartonomous_system;
grant select, insert, update, delete
  on dead_letter, lease, service_heartbeat, span, system_access to hartonomous_system;
grant select, update on kill_switch to hartonomous_system;
grant select on kill_switch to hartonomous_app;
