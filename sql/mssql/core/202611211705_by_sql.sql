-- By SQL alone: vectors in one view, promotion as a procedure, and what a version was at an instant.
create view embeddings as
  select s.tenant_id, s.embedding_model, s.atom_id, s.dimensions, s.vector
  from atom_embedding_staging s where s.tenant_id = cast(session_context(N'tenant') as uniqueidentifier)
  union all
  select p.tenant_id, p.embedding_model, p.atom_id, p.dimensions, p.vector
  from atom_embedding p where p.tenant_id = cast(session_context(N'tenant') as uniqueidentifier) and not exists (
    select 1 from atom_embedding_staging s
    where s.tenant_id = p.tenant_id and s.embedding_model = p.embedding_model and s.atom_id = p.atom_id);
go
-- Moves all staged vectors of a model into the indexed table, in one transaction, once they are more than @above.
create procedure promote_embeddings @of_model nvarchar(200), @above bigint
as
begin
  set nocount on;
  declare @tenant uniqueidentifier = cast(session_context(N'tenant') as uniqueidentifier);
  declare @n bigint = 0;
  -- One writer of a tenant's vectors at a time: nobody stages between these statements.
  update corpus_state set version = version where tenant_id = @tenant;
  if (select count_big(*) from atom_embedding_staging where tenant_id = @tenant and embedding_model = @of_model) > @above
  begin
    update p set dimensions = s.dimensions, vector = s.vector
    from atom_embedding p
    join atom_embedding_staging s on s.tenant_id = p.tenant_id and s.embedding_model = p.embedding_model
      and s.atom_id = p.atom_id
    where p.tenant_id = @tenant and p.embedding_model = @of_model;
    insert into atom_embedding (tenant_id, embedding_model, atom_id, dimensions, vector)
    select s.tenant_id, s.embedding_model, s.atom_id, s.dimensions, s.vector
    from atom_embedding_staging s
    where s.tenant_id = @tenant and s.embedding_model = @of_model and not exists (
      select 1 from atom_embedding p with (updlock, holdlock)
      where p.tenant_id = s.tenant_id and p.embedding_model = s.embedding_model and p.atom_id = s.atom_id);
    delete from atom_embedding_staging where tenant_id = @tenant and embedding_model = @of_model;
    set @n = @@rowcount;
  end
  select @n as n;
end
go
-- The rows of a version as they were at an instant: the version's own, not those of its parents.
create function weights_as_of (@of_version uniqueidentifier, @at_instant datetimeoffset(3))
returns table
as return
  select c.atom_id, c.tensor_no, c.segment_no, c.x, c.y, c.z, c.hilbert, c.coefficient
  from tensor_atom_coefficient c
  where c.tenant_id = cast(session_context(N'tenant') as uniqueidentifier) and c.model_id = @of_version
    and c.updated_at <= @at_instant
  union all
  select h.atom_id, h.tensor_no, h.segment_no, h.x, h.y, h.z, h.hilbert, h.coefficient
  from tensor_atom_coefficient_history h
  where h.tenant_id = cast(session_context(N'tenant') as uniqueidentifier) and h.model_id = @of_version
    and h.valid_from <= @at_instant and h.valid_to > @at_instant;
go
-- Layers with the ranges of their lines.
create view layers as
  select l.model_id, l.id as layer_id, l.layer_no, l.name, l.tensor_shape, l.tensor_dtype, l.quantisation, l.elements,
    l.simplified_from, r.pieces, r.vertices, r.weight_min, r.weight_max, r.importance_min, r.importance_max
  from model_layer l
  cross apply (
    select count_big(w.piece_no) as pieces, sum(cast(w.vertices as bigint)) as vertices, min(w.weight_min) as weight_min,
      max(w.weight_max) as weight_max, min(w.importance_min) as importance_min, max(w.importance_max) as importance_max
    from weight_line w where w.tenant_id = l.tenant_id and w.layer_id = l.id) r
  where l.tenant_id = cast(session_context(N'tenant') as uniqueidentifier);
