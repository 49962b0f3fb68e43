-- Weights by SQL alone: UPDATE is training, DELETE is pruning, INSERT SELECT is distillation. Procedures answer a count
-- `n` and work for the tenant in SESSION_CONTEXT; every statement names it.
create table tensor_atom_archive (
  tenant_id uniqueidentifier not null,
  prune_id uniqueidentifier not null,
  model_id uniqueidentifier not null,
  atom_id uniqueidentifier not null,
  tensor_no int not null,
  segment_no bigint not null,
  x float not null,
  y float not null,
  z float not null,
  importance float not null,
  hilbert bigint not null,
  value_min float,
  value_max float,
  value_norm float,
  last_used_at datetimeoffset(3),
  pruned_at datetimeoffset(3) not null default sysdatetimeoffset(),
  primary key (tenant_id, prune_id, model_id, atom_id, tensor_no, segment_no)
);

create type weight_changes as table (
  atom_id uniqueidentifier not null,
  tensor_no int not null,
  segment_no bigint not null,
  x float not null,
  y float not null,
  z float not null,
  importance float not null,
  hilbert bigint not null,
  primary key (atom_id, tensor_no, segment_no)
);

create type warm_answers as table (
  input_hash nvarchar(64) collate Latin1_General_100_BIN2 not null primary key,
  answer nvarchar(max) not null,
  compute_ms float not null
);

create type contents as table (
  id uniqueidentifier not null primary key,
  content_hash varbinary(32) not null unique,
  modality nvarchar(20) not null,
  body nvarchar(max) not null,
  size_bytes bigint not null,
  uses int not null
);
go
-- Moves tensor atoms of a model and sets their importance; what lies outside the box is clamped to it.
create procedure update_weights @for_model uniqueidentifier, @changes weight_changes readonly
as
begin
  set nocount on;
  declare @tenant uniqueidentifier = cast(session_context(N'tenant') as uniqueidentifier);
  update t set
    x = case when w.x < 0 then 0 when w.x > 100 then 100 else w.x end,
    y = case when w.y < 0 then 0 when w.y > 100 then 100 else w.y end,
    z = case when w.z < -10 then -10 when w.z > 10 then 10 else w.z end,
    importance = w.importance, hilbert = w.hilbert
  from tensor_atom t
  join @changes w on w.atom_id = t.atom_id and w.tensor_no = t.tensor_no and w.segment_no = t.segment_no
  where t.tenant_id = @tenant and t.model_id = @for_model;
  select cast(@@rowcount as bigint) as n;
end
go
-- Takes the tensor atoms below an importance out of a model, into the archive, from where [restore] brings them back.
create procedure prune @for_model uniqueidentifier, @as_prune uniqueidentifier, @below_importance float
as
begin
  set nocount on;
  declare @tenant uniqueidentifier = cast(session_context(N'tenant') as uniqueidentifier);
  delete from tensor_atom
  output deleted.tenant_id, @as_prune, deleted.model_id, deleted.atom_id, deleted.tensor_no, deleted.segment_no,
    deleted.x, deleted.y, deleted.z, deleted.importance, deleted.hilbert, deleted.value_min, deleted.value_max,
    deleted.value_norm, deleted.last_used_at
  into tensor_atom_archive (tenant_id, prune_id, model_id, atom_id, tensor_no, segment_no, x, y, z, importance,
    hilbert, value_min, value_max, value_norm, last_used_at)
  where tenant_id = @tenant and model_id = @for_model and importance < @below_importance;
  select cast(@@rowcount as bigint) as n;
end
go
-- The inverse of prune. A row that was placed anew in the meantime keeps its new place.
create procedure [restore] @of_prune uniqueidentifier
as
begin
  set nocount on;
  declare @tenant uniqueidentifier = cast(session_context(N'tenant') as uniqueidentifier);
  declare @n bigint;
  insert into tensor_atom (tenant_id, model_id, atom_id, tensor_no, segment_no, x, y, z, importance, hilbert,
    value_min, value_max, value_norm, last_used_at)
  select a.tenant_id, a.model_id, a.atom_id, a.tensor_no, a.segment_no, a.x, a.y, a.z, a.importance, a.hilbert,
    a.value_min, a.value_max, a.value_norm, a.last_used_at
  from tensor_atom_archive a
  where a.tenant_id = @tenant and a.prune_id = @of_prune and not exists (
    select 1 from tensor_atom t with (updlock, holdlock)
    where t.tenant_id = a.tenant_id and t.model_id = a.model_id and t.atom_id = a.atom_id
      and t.tensor_no = a.tensor_no and t.segment_no = a.segment_no);
  set @n = @@rowcount;
  delete from tensor_atom_archive where tenant_id = @tenant and prune_id = @of_prune;
  select @n as n;
end
go
-- A student: a new model with the teacher's tensor atoms from an importance on. 0 when there is no such teacher.
create procedure copy_student @of_model uniqueidentifier, @as_student uniqueidentifier, @with_name nvarchar(200),
  @from_importance float
as
begin
  set nocount on;
  declare @tenant uniqueidentifier = cast(session_context(N'tenant') as uniqueidentifier);
  insert into model (tenant_id, id, name, architecture, format, version, status, ranking)
  select m.tenant_id, @as_student, @with_name, m.architecture, m.format, 1, N'candidate', m.ranking
  from model m where m.tenant_id = @tenant and m.id = @of_model;
  insert into tensor_atom (tenant_id, model_id, atom_id, tensor_no, segment_no, x, y, z, importance, hilbert,
    value_min, value_max, value_norm)
  select t.tenant_id, @as_student, t.atom_id, t.tensor_no, t.segment_no, t.x, t.y, t.z, t.importance, t.hilbert,
    t.value_min, t.value_max, t.value_norm
  from tensor_atom t where t.tenant_id = @tenant and t.model_id = @of_model and t.importance >= @from_importance;
  select cast(@@rowcount as bigint) as n;
end
go
-- Answers for a model, served at once; those that are there are replaced.
create procedure warm_cache @for_model uniqueidentifier, @for_corpus_version bigint, @answers warm_answers readonly,
  @until datetimeoffset(3)
as
begin
  set nocount on;
  declare @tenant uniqueidentifier = cast(session_context(N'tenant') as uniqueidentifier);
  declare @n bigint;
  update c set corpus_version = @for_corpus_version, answer = w.answer, compute_ms = w.compute_ms, enabled = 1,
    measuring = 0, action_id = null, block_no = null, expires_at = @until
  from cached_activation c join @answers w on w.input_hash = c.input_hash
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
-- A rating of 1 to 5 for a request of the tenant; a rater's second rating replaces the first.
create procedure submit_feedback @for_request uniqueidentifier, @with_rating int, @by_rater nvarchar(200),
  @with_comment nvarchar(max)
as
begin
  set nocount on;
  declare @tenant uniqueidentifier = cast(session_context(N'tenant') as uniqueidentifier);
  declare @n bigint;
  update inference_feedback set rating = @with_rating, comment = @with_comment, created_at = sysdatetimeoffset()
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
go
-- Equal bytes are one atom: creates what is new and takes all of them up for the tenant. The caller gives SHA-256 and
-- size of the UTF-8 bytes. Answers how many atoms the tenant did not hold before.
create procedure merge_atoms @given contents readonly
as
begin
  set nocount on;
  declare @tenant uniqueidentifier = cast(session_context(N'tenant') as uniqueidentifier);
  declare @fresh table (atom_id uniqueidentifier not null primary key);
  insert into atom (id, content_hash, modality, text, size_bytes)
  select g.id, g.content_hash, g.modality, g.body, g.size_bytes from @given g
  where not exists (select 1 from atom a with (updlock, holdlock) where a.content_hash = g.content_hash);
  update t set reference_count = t.reference_count + g.uses
  from tenant_atom t join atom a on a.id = t.atom_id join @given g on g.content_hash = a.content_hash
  where t.tenant_id = @tenant;
  insert into tenant_atom (tenant_id, atom_id, reference_count)
  output inserted.atom_id into @fresh (atom_id)
  select @tenant, a.id, g.uses from @given g join atom a on a.content_hash = g.content_hash
  where @tenant is not null and not exists (
    select 1 from tenant_atom t with (updlock, holdlock) where t.tenant_id = @tenant and t.atom_id = a.id);
  update atom set reference_count = reference_count + 1 where id in (select f.atom_id from @fresh f);
  select count_big(*) as n from @fresh;
end
go
-- Views for those who come by SQL, each bound to the tenant in SESSION_CONTEXT.
create view weights as
  select m.id as model_id, m.name, m.version, t.atom_id, t.tensor_no, t.segment_no, t.x, t.y, t.z, t.importance,
    t.hilbert, t.value_min, t.value_max, t.value_norm, t.last_used_at
  from tensor_atom t join model m on m.tenant_id = t.tenant_id and m.id = t.model_id
  where t.tenant_id = cast(session_context(N'tenant') as uniqueidentifier);
go
create view atoms as
  select a.id as atom_id, a.content_hash, a.modality, a.text, a.size_bytes, t.reference_count, t.created_at
  from tenant_atom t join atom a on a.id = t.atom_id
  where t.tenant_id = cast(session_context(N'tenant') as uniqueidentifier);
go
create view session_paths as
  select p.session_id, s.started_at, s.outcome, p.request_id, p.visited_at, p.x, p.y, p.z
  from session_path p join [session] s on s.tenant_id = p.tenant_id and s.id = p.session_id
  where p.tenant_id = cast(session_context(N'tenant') as uniqueidentifier);
go
create view actions as
  select a.id as action_id, a.cycle_id, a.type, a.target, a.design, a.action_class, a.state, a.verdict, a.effect,
    a.pairs, a.reason
  from action a where a.tenant_id = cast(session_context(N'tenant') as uniqueidentifier);
