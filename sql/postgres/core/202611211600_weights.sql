-- Weights by SQL alone: UPDATE is training, DELETE is pruning, INSERT SELECT is distillation. The functions run with
-- the caller's rights, so that the policies bind them; each names the tenant of the transaction as well.
create table tensor_atom_archive (
  tenant_id uuid not null,
  prune_id uuid not null,
  model_id uuid not null,
  atom_id uuid not null,
  tensor_no integer not null,
  segment_no bigint not null,
  x double precision not null,
  y double precision not null,
  z double precision not null,
  importance double precision not null,
  hilbert bigint not null,
  value_min double precision,
  value_max double precision,
  value_norm double precision,
  last_used_at timestamptz(3),
  pruned_at timestamptz(3) not null default now(),
  primary key (tenant_id, prune_id, model_id, atom_id, tensor_no, segment_no),
  foreign key (tenant_id, model_id) references model (tenant_id, id)
);
alter table tensor_atom_archive enable row level security;
alter table tensor_atom_archive force row level security;
create policy of_tenant on tensor_atom_archive using (tenant_id = (select app_tenant()))
  with check (tenant_id = (select app_tenant()));
create policy of_owner on tensor_atom_archive to current_user using (true) with check (true);
grant select, insert, delete on tensor_atom_archive to hartonomous_app;

-- Moves tensor atoms of a model and sets their importance; what lies outside the box is clamped to it.
create function update_weights(for_model uuid, atom_ids uuid[], tensor_nos integer[], segment_nos bigint[],
    xs double precision[], ys double precision[], zs double precision[], importances double precision[],
    hilberts bigint[])
  returns bigint language sql volatile
begin atomic
  with changed as (
    update tensor_atom t set x = least(greatest(w.x, 0), 100), y = least(greatest(w.y, 0), 100),
      z = least(greatest(w.z, -10), 10), importance = w.importance, hilbert = w.hilbert
    from unnest(atom_ids, tensor_nos, segment_nos, xs, ys, zs, importances, hilberts)
      as w (atom_id, tensor_no, segment_no, x, y, z, importance, hilbert)
    where t.tenant_id = (select app_tenant()) and t.model_id = for_model and t.atom_id = w.atom_id
      and t.tensor_no = w.tensor_no and t.segment_no = w.segment_no
    returning 1)
  select count(*) from changed;
end;

-- Takes the tensor atoms below an importance out of a model, into the archive, from where `restore` brings them back.
create function prune(for_model uuid, as_prune uuid, below_importance double precision)
  returns bigint language sql volatile
begin atomic
  with gone as (
    delete from tensor_atom
    where tenant_id = (select app_tenant()) and model_id = for_model and importance < below_importance
    returning tenant_id, model_id, atom_id, tensor_no, segment_no, x, y, z, importance, hilbert, value_min, value_max,
      value_norm, last_used_at),
  kept as (
    insert into tensor_atom_archive (tenant_id, prune_id, model_id, atom_id, tensor_no, segment_no, x, y, z,
      importance, hilbert, value_min, value_max, value_norm, last_used_at)
    select tenant_id, as_prune, model_id, atom_id, tensor_no, segment_no, x, y, z, importance, hilbert, value_min,
      value_max, value_norm, last_used_at from gone
    returning 1)
  select count(*) from kept;
end;

-- The inverse of `prune`. A row that was placed anew in the meantime keeps its new place.
create function restore(of_prune uuid)
  returns bigint language sql volatile
begin atomic
  with back as (
    delete from tensor_atom_archive where tenant_id = (select app_tenant()) and prune_id = of_prune
    returning tenant_id, model_id, atom_id, tensor_no, segment_no, x, y, z, importance, hilbert, value_min, value_max,
      value_norm, last_used_at),
  placed as (
    insert into tensor_atom (tenant_id, model_id, atom_id, tensor_no, segment_no, x, y, z, importance, hilbert,
      value_min, value_max, value_norm, last_used_at)
    select tenant_id, model_id, atom_id, tensor_no, segment_no, x, y, z, importance, hilbert, value_min, value_max,
      value_norm, last_used_at from back
    on conflict (tenant_id, model_id, atom_id, tensor_no, segment_no) do nothing
    returning 1)
  select count(*) from placed;
end;

-- A student: a new model with the teacher's tensor atoms from an importance on. 0 when there is no such teacher.
create function copy_student(of_model uuid, as_student uuid, with_name text, from_importance double precision)
  returns bigint language plpgsql volatile
as $$
declare
  copied bigint;
begin
  insert into model (tenant_id, id, name, architecture, format, version, status, ranking)
    select m.tenant_id, as_student, with_name, m.architecture, m.format, 1, 'candidate', m.ranking
    from model m where m.tenant_id = (select app_tenant()) and m.id = of_model;
  insert into tensor_atom (tenant_id, model_id, atom_id, tensor_no, segment_no, x, y, z, importance, hilbert,
      value_min, value_max, value_norm)
    select t.tenant_id, as_student, t.atom_id, t.tensor_no, t.segment_no, t.x, t.y, t.z, t.importance, t.hilbert,
      t.value_min, t.value_max, t.value_norm
    from tensor_atom t
    where t.tenant_id = (select app_tenant()) and t.model_id = of_model and t.importance >= from_importance;
  get diagnostics copied = row_count;
  return copied;
end
$$;

-- Answers for a model, served at once; those that are there are replaced.
create function warm_cache(for_model uuid, for_corpus_version bigint, input_hashes text[], answers text[],
    compute_times_ms double precision[], until timestamptz)
  returns bigint language sql volatile
begin atomic
  with warmed as (
    insert into cached_activation (tenant_id, model_id, input_hash, corpus_version, answer, compute_ms, enabled,
      measuring, expires_at)
    select app_tenant(), for_model, w.input_hash, for_corpus_version, w.answer, w.compute_ms, true, false, until
    from unnest(input_hashes, answers, compute_times_ms) as w (input_hash, answer, compute_ms)
    where exists (select 1 from model m where m.tenant_id = (select app_tenant()) and m.id = for_model)
    on conflict (tenant_id, model_id, input_hash) do update
      set corpus_version = excluded.corpus_version, answer = excluded.answer, compute_ms = excluded.compute_ms,
        enabled = true, measuring = false, action_id = null, block_no = null, expires_at = excluded.expires_at
    returning 1)
  select count(*) from warmed;
end;

-- A rating of 1 to 5 for a request of the tenant; a rater's second rating replaces the first.
create function submit_feedback(for_request uuid, with_rating integer, by_rater text, with_comment text)
  returns bigint language sql volatile
begin atomic
  with given as (
    insert into inference_feedback (tenant_id, id, request_id, rating, rater, comment)
    select r.tenant_id, uuidv7(), r.id, with_rating, by_rater, with_comment
    from inference_request r where r.tenant_id = (select app_tenant()) and r.id = for_request
    on conflict (tenant_id, request_id, rater) do update
      set rating = excluded.rating, comment = excluded.comment, created_at = now()
    returning 1)
  select count(*) from given;
end;

-- Equal bytes are one atom: creates what is new and takes all of them up for the tenant of the transaction, counting
-- its references. Defined by the owner's rights, since it must see atoms that the tenant does not hold yet; it takes
-- the bytes, never a bare hash. Answers how many atoms the tenant did not hold before.
create function merge_atoms(modalities text[], texts text[])
  returns bigint language plpgsql security definer set search_path = public, pg_temp
  -- Planned for the number of texts at hand: a plan for ten rows joins ten thousand by nested loops.
  set plan_cache_mode = force_custom_plan
as $$
declare
  hashes bytea[];
  kinds text[];
  bodies text[];
  uses integer[];
  added uuid[];
  taken bigint;
begin
  if app_tenant() is null then
    raise exception 'merge_atoms needs the tenant of the transaction' using errcode = '42501';
  end if;
  select array_agg(u.hash), array_agg(u.kind), array_agg(u.body), array_agg(u.n) into hashes, kinds, bodies, uses
  from (select h.hash, min(h.modality) as kind, min(h.body) as body, count(*)::int as n
        from (select sha256(convert_to(g.body, 'UTF8')) as hash, g.modality, g.body
              from unnest(modalities, texts) as g (modality, body)) h
        group by h.hash order by h.hash) u;
  -- In hash order, so that two writers of the same bytes wait for each other and never deadlock.
  with fresh as (
    insert into atom (id, content_hash, modality, text, size_bytes, reference_count)
      select uuidv7(), g.hash, g.kind, g.body, octet_length(g.body), 1
      from unnest(hashes, kinds, bodies) as g (hash, kind, body)
      where not exists (select 1 from atom a where a.content_hash = g.hash)
      on conflict do nothing returning id)
  select coalesce(array_agg(f.id), '{}') into added from fresh f;
  -- A statement of its own: it sees what another writer has added meanwhile.
  with held as (
    insert into tenant_atom as h (tenant_id, atom_id, reference_count)
      select app_tenant(), a.id, g.n from unnest(hashes, uses) as g (hash, n) join atom a on a.content_hash = g.hash
      order by a.id
      on conflict (tenant_id, atom_id) do update set reference_count = h.reference_count + excluded.reference_count
      returning new.atom_id, old.atom_id is null as is_new),
  counted as (
    update atom a set reference_count = a.reference_count + 1
    from (select h.atom_id from held h where h.is_new except all select unnest(added)) k where a.id = k.atom_id)
  select count(*) filter (where is_new) into taken from held;
  return taken;
end
$$;

revoke all on function update_weights(uuid, uuid[], integer[], bigint[], double precision[], double precision[],
  double precision[], double precision[], bigint[]), prune(uuid, uuid, double precision), restore(uuid),
  copy_student(uuid, uuid, text, double precision), warm_cache(uuid, bigint, text[], text[], double precision[],
  timestamptz), submit_feedback(uuid, integer, text, text), merge_atoms(text[], text[]) from public;
grant execute on function update_weights(uuid, uuid[], integer[], bigint[], double precision[], double precision[],
  double precision[], double precision[], bigint[]), prune(uuid, uuid, double precision), restore(uuid),
  copy_student(uuid, uuid, text, double precision), warm_cache(uuid, bigint, text[], text[], double precision[],
  timestamptz), submit_feedback(uuid, integer, text, text), merge_atoms(text[], text[]) to hartonomous_app;

-- Views for those who come by SQL: the policies of the caller hold below them, and the tenant is named once more.
create view weights with (security_invoker = true) as
  select m.id as model_id, m.name, m.version, t.atom_id, t.tensor_no, t.segment_no, t.x, t.y, t.z, t.importance,
    t.hilbert, t.value_min, t.value_max, t.value_norm, t.last_used_at
  from tensor_atom t join model m on m.tenant_id = t.tenant_id and m.id = t.model_id
  where t.tenant_id = (select app_tenant());

create view atoms with (security_invoker = true) as
  select a.id as atom_id, a.content_hash, a.modality, a.text, a.size_bytes, t.reference_count, t.created_at
  from tenant_atom t join atom a on a.id = t.atom_id where t.tenant_id = (select app_tenant());

create view session_paths with (security_invoker = true) as
  select p.session_id, s.started_at, s.outcome, p.request_id, p.visited_at, p.x, p.y, p.z
  from session_path p join session s on s.tenant_id = p.tenant_id and s.id = p.session_id
  where p.tenant_id = (select app_tenant());

create view actions with (security_invoker = true) as
  select a.id as action_id, a.cycle_id, a.type, a.target, a.design, a.action_class, a.state, a.verdict, a.effect,
    a.pairs, a.reason
  from action a where a.tenant_id = (select app_tenant());

grant select on weights, atoms, session_paths, actions to hartonomous_app;
