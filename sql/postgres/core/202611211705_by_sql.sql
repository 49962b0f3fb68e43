-- By SQL alone: vectors in one view, promotion as a function, and what a version was at an instant.
create view embeddings with (security_invoker = true) as
  select s.tenant_id, s.embedding_model, s.atom_id, s.dimensions, s.vector
  from atom_embedding_staging s where s.tenant_id = (select app_tenant())
  union all
  select p.tenant_id, p.embedding_model, p.atom_id, p.dimensions, p.vector
  from atom_embedding p where p.tenant_id = (select app_tenant()) and not exists (
    select 1 from atom_embedding_staging s
    where s.tenant_id = p.tenant_id and s.embedding_model = p.embedding_model and s.atom_id = p.atom_id);

-- Moves all staged vectors of a model into the indexed table, in one statement, once they are more than `above`.
create function promote_embeddings(of_model text, above bigint)
  returns bigint language plpgsql volatile
as $$
declare
  promoted bigint;
begin
  -- One writer of a tenant's vectors at a time.
  update corpus_state set version = version where tenant_id = (select app_tenant());
  if (select count(*) from (select 1 from atom_embedding_staging s
        where s.tenant_id = (select app_tenant()) and s.embedding_model = of_model limit above + 1) staged) <= above then
    return 0;
  end if;
  with moved as (
    delete from atom_embedding_staging
    where tenant_id = (select app_tenant()) and embedding_model = of_model
    returning tenant_id, embedding_model, atom_id, dimensions, vector),
  placed as (
    insert into atom_embedding (tenant_id, embedding_model, atom_id, dimensions, vector)
    select tenant_id, embedding_model, atom_id, dimensions, vector from moved
    on conflict (tenant_id, embedding_model, atom_id)
      do update set dimensions = excluded.dimensions, vector = excluded.vector
    returning 1)
  select count(*) into promoted from placed;
  return promoted;
end
$$;

-- The rows of a version as they were at an instant: the version's own, not those of its parents.
create function weights_as_of(of_version uuid, at_instant timestamptz)
  returns table (atom_id uuid, tensor_no integer, segment_no bigint, x double precision, y double precision,
    z double precision, hilbert bigint, coefficient double precision)
  language sql stable
begin atomic
  select c.atom_id, c.tensor_no, c.segment_no, c.x, c.y, c.z, c.hilbert, c.coefficient
  from tensor_atom_coefficient c
  where c.tenant_id = (select app_tenant()) and c.model_id = of_version and c.updated_at <= at_instant
  union all
  select h.atom_id, h.tensor_no, h.segment_no, h.x, h.y, h.z, h.hilbert, h.coefficient
  from tensor_atom_coefficient_history h
  where h.tenant_id = (select app_tenant()) and h.model_id = of_version and h.valid_from <= at_instant
    and h.valid_to > at_instant;
end;

-- Layers with the ranges of their lines.
create view layers with (security_invoker = true) as
  select l.model_id, l.id as layer_id, l.layer_no, l.name, l.tensor_shape, l.tensor_dtype, l.quantisation, l.elements,
    l.simplified_from, count(w.piece_no) as pieces, sum(w.vertices) as vertices, min(w.weight_min) as weight_min,
    max(w.weight_max) as weight_max, min(w.importance_min) as importance_min, max(w.importance_max) as importance_max
  from model_layer l left join weight_line w on w.tenant_id = l.tenant_id and w.layer_id = l.id
  where l.tenant_id = (select app_tenant())
  group by l.tenant_id, l.id;

revoke all on function promote_embeddings(text, bigint), weights_as_of(uuid, timestamptz) from public;
grant execute on function promote_embeddings(text, bigint), weights_as_of(uuid, timestamptz) to hartonomous_app;
grant select on embeddings, layers to hartonomous_app;
