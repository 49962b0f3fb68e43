-- Row-level security: rows of the tenant in SESSION_CONTEXT, none without one. The plumbing's login and the owner of the
-- tables stand in roles of their own. atom has no tenant and is reached through tenant_atom. Applied again after every
-- migration: each table with a tenant comes under the policy.
if database_principal_id(N'hartonomous_system') is null create role hartonomous_system;
if database_principal_id(N'hartonomous_owner') is null create role hartonomous_owner;
go
if object_id(N'dbo.tenant_allowed', N'IF') is null
  exec (N'create function dbo.tenant_allowed (@tenant uniqueidentifier)
returns table with schemabinding
as return
  select 1 as allowed
  where @tenant = cast(session_context(N''tenant'') as uniqueidentifier)
    or is_rolemember(N''hartonomous_system'') = 1
    or is_rolemember(N''hartonomous_owner'') = 1;');
go
if not exists (select 1 from sys.security_policies where name = N'tenant_policy')
  exec (N'create security policy dbo.tenant_policy
    add filter predicate dbo.tenant_allowed(tenant_id) on dbo.principal,
    add block predicate dbo.tenant_allowed(tenant_id) on dbo.principal after insert,
    add block predicate dbo.tenant_allowed(tenant_id) on dbo.principal after update
    with (state = on);');
go
-- Rows that a temporal table has put into its history are written by the engine alone: a filter is enough there.
declare @added nvarchar(max) = (
  select string_agg(cast(N'add filter predicate dbo.tenant_allowed(tenant_id) on dbo.' + quotename(t.name)
    + case when t.temporal_type = 1 then N'' else
        N', add block predicate dbo.tenant_allowed(tenant_id) on dbo.' + quotename(t.name) + N' after insert'
        + N', add block predicate dbo.tenant_allowed(tenant_id) on dbo.' + quotename(t.name) + N' after update' end
    as nvarchar(max)), N', ')
  from sys.tables t
  join sys.columns c on c.object_id = t.object_id and c.name = N'tenant_id' and c.is_nullable = 0
  where t.schema_id = schema_id(N'dbo')
    and not exists (select 1 from sys.security_predicates p where p.target_object_id = t.object_id));
if @added is not null
begin
  declare @policy nvarchar(max) = N'alter security policy dbo.tenant_policy ' + @added;
  exec (@policy);
end
