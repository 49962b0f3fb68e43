-- Where everything comes from: a Merkle graph. A node is a state of a thing that is final (an atom's bytes, an answered
-- request, a transition of an action); its hash covers its content and its parents' hashes, see the store's README.
create table provenance_node (
  tenant_id uniqueidentifier not null references tenant (id),
  -- Id of the thing; its states are numbered.
  id uniqueidentifier not null,
  revision int not null check (revision >= 0),
  kind nvarchar(20) collate Latin1_General_100_BIN2 not null check (kind in ('source', 'atom', 'model', 'snapshot',
    'request', 'action', 'computation', 'principal')),
  content_hash varbinary(32) not null,
  edges_hash varbinary(32) not null,
  hash varbinary(32) not null,
  -- The content itself where the thing's own row moves on.
  document nvarchar(max),
  -- Since when the tenant no longer holds the thing: its content cannot be recomputed any more.
  released_at datetimeoffset(3),
  created_at datetimeoffset(3) not null default sysdatetimeoffset(),
  primary key (tenant_id, id, revision)
);

-- From a node to what was there before it. Edges that other rows imply are not repeated here: those of requests stand in
-- inference_step and inference_request, and a later state of a thing supersedes the one before. 'superseded-by' reads
-- backwards: the parent was superseded by the node.
create table provenance_edge (
  tenant_id uniqueidentifier not null,
  node_id uniqueidentifier not null,
  node_revision int not null,
  edge_type nvarchar(20) collate Latin1_General_100_BIN2 not null check (edge_type in ('derived-from', 'used',
    'produced-by', 'approved-by', 'superseded-by')),
  parent_id uniqueidentifier not null,
  parent_revision int not null,
  primary key (tenant_id, node_id, node_revision, edge_type, parent_id, parent_revision)
);

-- The file, and its state, from which the tenant took an atom up; null when it came without one.
alter table tenant_atom add origin_id uniqueidentifier null;
alter table tenant_atom add origin_revision int null;

-- A model's own rows at an instant: its tensor atoms (overlay_row 0) and its overlay (1).
create table weight_snapshot (
  tenant_id uniqueidentifier not null references tenant (id),
  id uniqueidentifier not null,
  model_id uniqueidentifier not null,
  label nvarchar(200) not null check (len(label) between 1 and 200),
  base_rows bigint not null check (base_rows >= 0),
  overlay_rows bigint not null check (overlay_rows >= 0),
  -- Hex SHA-256 over the rows in their order.
  hash nvarchar(64) collate Latin1_General_100_BIN2 not null,
  taken_by nvarchar(200) not null,
  taken_at datetimeoffset(3) not null default sysdatetimeoffset(),
  primary key (tenant_id, id)
);

create table weight_snapshot_row (
  tenant_id uniqueidentifier not null,
  snapshot_id uniqueidentifier not null,
  overlay_row bit not null,
  atom_id uniqueidentifier not null,
  tensor_no int not null,
  segment_no bigint not null,
  x float not null,
  y float not null,
  z float not null,
  hilbert bigint not null,
  -- Importance of a tensor atom, coefficient of an overlay's row.
  weight float not null,
  value_min float,
  value_max float,
  value_norm float,
  primary key (tenant_id, snapshot_id, overlay_row, atom_id, tensor_no, segment_no)
);

create type rows_uuityyyt as table (
  c1 uniqueidentifier,
  c2 uniqueidentifier,
  c3 int,
  c4 nvarchar(max) collate Latin1_General_100_BIN2,
  c5 varbinary(max),
  c6 varbinary(max),
  c7 varbinary(max),
  c8 nvarchar(max) collate Latin1_General_100_BIN2
);

create type rows_uiui as table (
  c1 uniqueidentifier,
  c2 int,
  c3 uniqueidentifier,
  c4 int
);

create type rows_uuitui as table (
  c1 uniqueidentifier,
  c2 uniqueidentifier,
  c3 int,
  c4 nvarchar(max) collate Latin1_General_100_BIN2,
  c5 uniqueidentifier,
  c6 int
);
go
-- All edges, the implied ones included.
create view provenance_edges as
  select e.node_id, e.node_revision, e.edge_type, e.parent_id, e.parent_revision
  from provenance_edge e where e.tenant_id = cast(session_context(N'tenant') as uniqueidentifier)
  union all
  select n.id, n.revision, N'superseded-by', n.id, n.revision - 1
  from provenance_node n where n.tenant_id = cast(session_context(N'tenant') as uniqueidentifier)
    and (n.revision > 1 or n.revision = 1 and n.kind = 'action')
  union all
  select s.request_id, 1, N'used', s.atom_id, 1
  from inference_step s where s.tenant_id = cast(session_context(N'tenant') as uniqueidentifier)
  union all
  select r.id, 1, N'produced-by', r.model_id, 1
  from inference_request r where r.tenant_id = cast(session_context(N'tenant') as uniqueidentifier);
