-- What may be there is written so that no writer that comes in between is missed: the new rows first and then the
-- others, or the update under the key range lock that the insert after it relies on.
alter procedure merge_atoms @given contents readonly
as
begin
  set nocount on;
  declare @tenant uniqueidentifier = cast(session_context(N'tenant') as uniqueidentifier);
  declare @fresh table (atom_id uniqueidentifier not null primary key);
  if @tenant is null throw 51001, N'merge_atoms needs the tenant in SESSION_CONTEXT', 1;
  insert into atom (id, content_hash, modality, text, size_bytes)
  select g.id, g.content_hash, g.modality, g.body, g.size_bytes from @given g
  where not exists (select 1 from atom a with (updlock, holdlock) where a.content_hash = g.content_hash);
  insert into tenant_atom (tenant_id, atom_id, reference_count)
  output inserted.atom_id into @fresh (atom_id)
  select @tenant, a.id, g.uses from @given g join atom a on a.content_hash = g.content_hash
  where not exists (
    select 1 from tenant_atom t with (updlock, holdlock) where t.tenant_id = @tenant and t.atom_id = a.id);
  update t set reference_count = t.reference_count + g.uses
  from tenant_atom t join atom a on a.id = t.atom_id join @given g on g.content_hash = a.content_hash
  where t.tenant_id = @tenant and t.atom_id not in (select f.atom_id from @fresh f);
  update atom set reference_count = reference_count + 1 where id in (select f.atom_id from @fresh f);
  select count_big(*) as n from @fresh;
end
go
alter procedure warm_cache @for_model uniqueidentifier, @for_corpus_version bigint, @answers warm_answers readonly,
  @until datetimeoffset(3)
as
begin
  set nocount on;
  declare @tenant uniqueidentifier = cast(session_context(N'tenant') as uniqueidentifier);
  declare @n bigint;
  update c set corpus_version = @for_corpus_version, answer = w.answer, compute_ms = w.compute_ms, enabled = 1,
    measuring = 0, action_id = null, block_no = null, expires_at = @until
  from cached_activation c with (updlock, holdlock) join @answers w on w.input_hash = c.input_hash
  where c.tenant_id = @tenant and c.model_id = @for_model;
  set @n = @@rowcount;
  insert into cached_activation (tenant_id, model_id, input_hash, corpus_version, answer, compute_ms, enabled,
    measuring, expires_at)
  select m.tenant_id, m.id, w.input_hash, @for_corpus_version, w.answer, w.compute_ms, 1, 0, @until
  from @answers w join model m on m.tenant_id = @tenant and m.id = @for_model
  where not exists (
    select 1 from cached_activation c with (updlock, holdlock)
    where c.tenant_id = @tenant and c.model_id = @for_model and c.input_hash = w.input_hash);
  select @n + @@rowcount as n;
end
go
alter procedure submit_feedback @for_request uniqueidentifier, @with_rating int, @by_rater nvarchar(200),
  @with_comment nvarchar(max)
as
begin
  set nocount on;
  declare @tenant uniqueidentifier = cast(session_context(N'tenant') as uniqueidentifier);
  declare @n bigint;
  update inference_feedback with (updlock, holdlock)
  set rating = @with_rating, comment = @with_comment, created_at = sysdatetimeoffset()
  where tenant_id = @tenant and request_id = @for_request and rater = @by_rater;
  set @n = @@rowcount;
  insert into inference_feedback (tenant_id, id, request_id, rating, rater, comment)
  select r.tenant_id, newid(), r.id, @with_rating, @by_rater, @with_comment
  from inference_request r
  where r.tenant_id = @tenant and r.id = @for_request and not exists (
    select 1 from inference_feedback f with (updlock, holdlock)
    where f.tenant_id = @tenant and f.request_id = @for_request and f.rater = @by_rater);
  select @n + @@rowcount as n;
end
