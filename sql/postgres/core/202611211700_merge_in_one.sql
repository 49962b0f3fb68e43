-- Content is merged in one statement, and a tenant's holdings are checked against the tenants once a statement: the
-- foreign key looked the same tenant up anew for every row, which took longer than writing the row.
alter table tenant_atom drop constraint tenant_atom_tenant_id_fkey;

create function tenant_atom_has_tenant() returns trigger language plpgsql
as $$
begin
  if exists (select 1 from (select distinct tenant_id from added) a
             where not exists (select 1 from tenant t where t.id = a.tenant_id)) then
    raise exception 'tenant_atom names a tenant that does not exist' using errcode = '23503', table = 'tenant_atom';
  end if;
  return null;
end
$$;
create trigger has_tenant after insert on tenant_atom
  referencing new table as added for each statement execute function tenant_atom_has_tenant();
create trigger has_tenant_still after update on tenant_atom
  referencing new table as added for each statement execute function tenant_atom_has_tenant();

-- Equal bytes are one atom: creates what is new and takes all of them up for the tenant of the transaction, counting
-- its references. Defined by the owner's rights, since it must see atoms that the tenant does not hold yet; it takes
-- the bytes, never a bare hash. Answers how many atoms the tenant did not hold before.
create or replace function merge_atoms(modalities text[], texts text[])
  returns bigint language plpgsql security definer set search_path = public, pg_temp
  -- Planned for the number of texts at hand: a plan for ten rows joins ten thousand by nested loops.
  set plan_cache_mode = force_custom_plan
as $$
declare
  tenant constant uuid := app_tenant();
  taken bigint;
  late bytea[];
  late_uses integer[];
  late_taken bigint;
begin
  if tenant is null then
    raise exception 'merge_atoms needs the tenant of the transaction' using errcode = '42501';
  end if;
  with given as materialized (
    select h.hash, min(h.modality) as kind, min(h.body) as body, count(*)::int as n
    from (select sha256(convert_to(g.body, 'UTF8')) as hash, g.modality, g.body
          from unnest(modalities, texts) as g (modality, body)) h
    group by h.hash),
  known as materialized (
    select g.hash, g.n, a.id from given g join atom a on a.content_hash = g.hash),
  fresh as (
    insert into atom (id, content_hash, modality, text, size_bytes, reference_count)
      select uuidv7(), g.hash, g.kind, g.body, octet_length(g.body), 1
      from given g where not exists (select 1 from known k where k.hash = g.hash)
      -- In hash order, as all locks here are taken in an order: two writers wait for each other and never deadlock.
      order by g.hash
      on conflict do nothing returning id, content_hash),
  found as materialized (
    select k.id, k.hash, k.n, false as is_fresh from known k
    union all
    select f.id, g.hash, g.n, true from fresh f join given g on g.hash = f.content_hash),
  held as (
    insert into tenant_atom as h (tenant_id, atom_id, reference_count)
      select tenant, f.id, f.n from found f order by f.id
      on conflict (tenant_id, atom_id) do update set reference_count = h.reference_count + excluded.reference_count
      returning new.atom_id, old.atom_id is null as is_new),
  locked as materialized (
    select a.id from held h join known k on k.id = h.atom_id join atom a on a.id = k.id
    where h.is_new order by a.id for no key update of a),
  counted as (
    update atom a set reference_count = a.reference_count + 1 from locked l where a.id = l.id)
  select (select count(*) from held where is_new), array_agg(g.hash), array_agg(g.n) into taken, late, late_uses
  from given g where not exists (select 1 from found f where f.hash = g.hash);
  if late is null then
    return taken;
  end if;
  -- Another writer has added these meanwhile: a statement of its own sees them.
  with held as (
    insert into tenant_atom as h (tenant_id, atom_id, reference_count)
      select tenant, a.id, g.n from unnest(late, late_uses) as g (hash, n) join atom a on a.content_hash = g.hash
      order by a.id
      on conflict (tenant_id, atom_id) do update set reference_count = h.reference_count + excluded.reference_count
      returning new.atom_id, old.atom_id is null as is_new),
  locked as materialized (
    select a.id from held h join atom a on a.id = h.atom_id where h.is_new order by a.id for no key update of a),
  counted as (
    update atom a set reference_count = a.reference_count + 1 from locked l where a.id = l.id)
  select count(*) filter (where is_new) into late_taken from held;
  return taken + late_taken;
end
$$;
