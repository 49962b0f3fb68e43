-- Where everything comes from: a Merkle graph. A node is a state of a thing that is final (an atom's bytes, an answered
-- request, a transition of an action); its hash covers its content and its parents' hashes, see the store's README.
create table provenance_node (
  tenant_id uuid not null references tenant (id),
  -- Id of the thing; its states are numbered.
  id uuid not null,
  revision integer not null check (revision >= 0),
  kind text collate "C" not null check (kind in ('source', 'atom', 'model', 'snapshot', 'request', 'action',
    'computation', 'principal')),
  content_hash bytea not null check (octet_length(content_hash) = 32),
  edges_hash bytea not null check (octet_length(edges_hash) = 32),
  hash bytea not null check (octet_length(hash) = 32),
  -- The content itself where the thing's own row moves on.
  document text,
  -- Since when the tenant no longer holds the thing: its content cannot be recomputed any more.
  released_at timestamptz(3),
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, id, revision)
);

-- From a node to what was there before it. Edges that other rows imply are not repeated here: those of requests stand in
-- inference_step and inference_request, and a later state of a thing supersedes the one before. 'superseded-by' reads
-- backwards: the parent was superseded by the node.
create table provenance_edge (
  tenant_id uuid not null,
  node_id uuid not null,
  node_revision integer not null,
  edge_type text collate "C" not null check (edge_type in ('derived-from', 'used', 'produced-by', 'approved-by',
    'superseded-by')),
  parent_id uuid not null,
  parent_revision integer not null,
  primary key (tenant_id, node_id, node_revision, edge_type, parent_id, parent_revision)
);

-- The file, and its state, from which the tenant took an atom up; null when it came without one.
alter table tenant_atom add column origin_id uuid, add column origin_revision integer;

-- A model's own rows at an instant: its tensor atoms (overlay_row false) and its overlay (true).
create table weight_snapshot (
  tenant_id uuid not null references tenant (id),
  id uuid not null,
  model_id uuid not null,
  label text not null check (length(label) between 1 and 200),
  base_rows bigint not null check (base_rows >= 0),
  overlay_rows bigint not null check (overlay_rows >= 0),
  -- Hex SHA-256 over the rows in their order.
  hash text collate "C" not null check (hash ~ '^[0-9a-f]{64}$'),
  taken_by text not null,
  taken_at timestamptz(3) not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, model_id) references model (tenant_id, id)
);

create table weight_snapshot_row (
  tenant_id uuid not null,
  snapshot_id uuid not null,
  overlay_row boolean not null,
  atom_id uuid not null,
  tensor_no integer not null,
  segment_no bigint not null,
  x double precision not null,
  y double precision not null,
  z double precision not null,
  hilbert bigint not null,
  -- Importance of a tensor atom, coefficient of an overlay's row.
  weight double precision not null,
  value_min double precision,
  value_max double precision,
  value_norm double precision,
  primary key (tenant_id, snapshot_id, overlay_row, atom_id, tensor_no, segment_no)
);

do $$
declare
  table_name text;
begin
  foreach table_name in array array['provenance_node', 'provenance_edge', 'weight_snapshot', 'weight_snapshot_row'] loop
    execute format('alter table %I enable row level security', table_name);
    execute format('alter table %I force row level security', table_name);
    execute format('create policy of_tenant on %I using (tenant_id = (select app_tenant()))
      with check (tenant_id = (select app_tenant()))', table_name);
    execute format('create policy of_owner on %I to current_user using (true) with check (true)', table_name);
    execute format('grant select, insert on %I to hartonomous_app', table_name);
  end loop;
end
$$;
-- A sealed node never changes; what changes is whether the tenant still holds the thing.
grant update (released_at) on provenance_node to hartonomous_app;
grant delete on weight_snapshot, weight_snapshot_row to hartonomous_app;

-- All edges, the implied ones included.
create view provenance_edges with (security_invoker = true) as
  select e.node_id, e.node_revision, e.edge_type, e.parent_id, e.parent_revision
  from provenance_edge e where e.tenant_id = (select app_tenant())
  union all
  select n.id, n.revision, 'superseded-by', n.id, n.revision - 1
  from provenance_node n where n.tenant_id = (select app_tenant())
    and (n.revision > 1 or n.revision = 1 and n.kind = 'action')
  union all
  select s.request_id, 1, 'used', s.atom_id, 1
  from inference_step s where s.tenant_id = (select app_tenant())
  union all
  select r.id, 1, 'produced-by', r.model_id, 1
  from inference_request r where r.tenant_id = (select app_tenant());
grant select on provenance_edges to hartonomous_app;
