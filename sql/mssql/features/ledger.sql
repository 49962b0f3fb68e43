-- The audit's hashes in an append-only ledger table, which nobody can change, its owner neither: a table that stands
-- cannot become a ledger table, so the audit's own stays as it is and a trigger anchors each row.
create table audit_anchor (
  of_tenant uniqueidentifier not null,
  seq bigint not null,
  hash varbinary(32) not null,
  anchored_at datetime2(3) not null
) with (ledger = on (append_only = on));
go
create trigger audit_anchored on audit after insert
as
begin
  set nocount on;
  insert into audit_anchor (of_tenant, seq, hash, anchored_at)
  select i.tenant_id, i.seq, i.hash, sysutcdatetime() from inserted i;
end
go
-- Rows of the audit that are not what was anchored, and anchors whose row is gone; for the owner, over all tenants.
create view audit_breaks as
  select a.of_tenant as tenant_id, a.seq, case when r.seq is null then N'missing' else N'changed' end as what
  from audit_anchor a left join audit r on r.tenant_id = a.of_tenant and r.seq = a.seq
  where r.seq is null or r.hash <> a.hash;
