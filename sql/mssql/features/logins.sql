-- What each login may do; applied again after every migration, for its new tables and table types. The application's
-- role reaches all tables (row-level security narrows it to its tenant), the plumbing's its own only.
if database_principal_id(N'hartonomous_application') is null create role hartonomous_application;
if database_principal_id(N'hartonomous_system') is null create role hartonomous_system;
if database_principal_id(N'hartonomous_owner') is null create role hartonomous_owner;
go
grant select, insert, update, delete, execute on schema::dbo to hartonomous_application;
go
grant select, insert on tenant to hartonomous_system;
grant select, insert on corpus_state to hartonomous_system;
grant select, insert on audit_head to hartonomous_system;
grant select on principal to hartonomous_system;
grant select on api_key to hartonomous_system;
grant select, update on outbox to hartonomous_system;
grant select, delete on inbox to hartonomous_system;
grant select, insert, update, delete on dead_letter to hartonomous_system;
grant select, insert, update, delete on service_heartbeat to hartonomous_system;
grant select, insert, update, delete on lease to hartonomous_system;
grant select, insert, update, delete on span to hartonomous_system;
grant select, insert, update, delete on system_access to hartonomous_system;
grant select, update on kill_switch to hartonomous_system;
grant select on computation to hartonomous_system;
grant select on computation_chunk to hartonomous_system;
grant select, delete on tensor_atom_coefficient_history to hartonomous_system;
grant select, delete on model_alias_history to hartonomous_system;
go
-- Rows go as table-valued parameters; a type is used by EXECUTE. Not the procedures: they act for a tenant.
declare @grants nvarchar(max) = N'';
select @grants = @grants + N'grant execute on type::dbo.' + quotename(t.name) + N' to hartonomous_system;'
from sys.table_types t where t.is_user_defined = 1;
exec (@grants);
go
-- What is written once is not changed, and what the plumbing keeps is not the application's.
deny update, delete on audit to hartonomous_application;
deny insert, delete on audit_head to hartonomous_application;
deny update, delete on action_transition to hartonomous_application;
deny update, delete on evidence_pair to hartonomous_application;
deny update, delete on improvement_history to hartonomous_application;
deny update, delete on model_update_history to hartonomous_application;
deny update, delete on distillation_log to hartonomous_application;
deny update, delete on concept_evolution to hartonomous_application;
deny insert, update, delete on tenant to hartonomous_application;
deny insert, update, delete on kill_switch to hartonomous_application;
deny insert, update, delete on lease to hartonomous_application;
deny insert, update, delete on dead_letter to hartonomous_application;
deny insert, update, delete on service_heartbeat to hartonomous_application;
deny insert, update, delete on span to hartonomous_application;
deny insert, update, delete on system_access to hartonomous_application;
deny insert, update, delete on schema_migration to hartonomous_application;
