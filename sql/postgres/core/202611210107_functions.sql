-- The few steps that must see an atom before its tenant holds it. Each is bound to the transaction's tenant, and takes
-- the bytes themselves, never a bare hash: knowing a digest opens nothing.
create function merge_atoms(ids uuid[], modalities text[], texts text[])
  returns table (content_hash bytea, atom_id uuid)
  language plpgsql security definer set search_path = public, pg_temp
as $$
declare
  hashes bytea[];
begin
  if app_tenant() is null then
    raise exception 'merge_atoms needs the tenant of the transaction' using errcode = '42501';
  end if;
  hashes := array(select sha256(convert_to(t.body, 'UTF8')) from unnest(texts) with ordinality as t (body, n) order by n);
  -- In hash order, so that two writers of the same bytes wait for each other and never deadlock.
  insert into atom (id, content_hash, modality, text, size_bytes)
    select t.id, t.hash, t.modality, t.body, octet_length(t.body)
    from unnest(ids, hashes, modalities, texts) as t (id, hash, modality, body)
    order by t.hash
    on conflict do nothing;
  return query
    select a.content_hash, a.id from atom a where a.content_hash = any (hashes);
end
$$;

-- Follows tenant_atom: +1 when a tenant takes an atom up, -1 when it lets it go. Only atoms whose holding by this
-- tenant really is as claimed are counted.
create function count_atom_references(ids uuid[], change integer) returns integer
  language plpgsql security definer set search_path = public, pg_temp
as $$
declare
  changed integer;
begin
  if app_tenant() is null or change not in (1, -1) then
    raise exception 'count_atom_references needs a tenant and a change of 1 or -1' using errcode = '42501';
  end if;
  with locked as materialized (
    select a.id from atom a
    where a.id = any (ids)
      and exists (select 1 from tenant_atom t where t.tenant_id = app_tenant() and t.atom_id = a.id) = (change = 1)
    order by a.id for no key update
  )
  update atom a set reference_count = greatest(a.reference_count + change, 0)
  from locked l where a.id = l.id;
  get diagnostics changed = row_count;
  return changed;
end
$$;
