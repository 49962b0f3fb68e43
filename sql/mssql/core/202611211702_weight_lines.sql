-- Weights as lines: a layer's weights are a LINESTRING ZM (x element index, y weight, z importance, m time in ms since
-- the epoch), in pieces, each with the ranges of what it holds, so that a query reads only pieces that may match.
-- Well-known binary here; native geometry is a feature over it.
create table model_layer (
  tenant_id uniqueidentifier not null references tenant (id),
  id uniqueidentifier not null,
  model_id uniqueidentifier not null,
  layer_no int not null check (layer_no >= 0),
  name nvarchar(400) collate Latin1_General_100_BIN2 not null,
  tensor_shape nvarchar(1000) not null,
  tensor_dtype nvarchar(40) collate Latin1_General_100_BIN2 not null,
  quantisation nvarchar(40) collate Latin1_General_100_BIN2,
  elements bigint not null check (elements >= 0),
  simplified_from uniqueidentifier,
  version int not null default 1,
  created_at datetimeoffset(3) not null default sysdatetimeoffset(),
  primary key (tenant_id, id),
  unique (tenant_id, model_id, name),
  foreign key (tenant_id, model_id) references model (tenant_id, id),
  foreign key (tenant_id, simplified_from) references model_layer (tenant_id, id)
);

create table weight_line (
  tenant_id uniqueidentifier not null,
  layer_id uniqueidentifier not null,
  piece_no int not null check (piece_no >= 0),
  weights_line varbinary(max) not null,
  vertices int not null check (vertices >= 2),
  index_min bigint not null check (index_min >= 0),
  index_max bigint not null,
  weight_min float not null,
  weight_max float not null,
  importance_min float,
  importance_max float,
  primary key (tenant_id, layer_id, piece_no),
  foreign key (tenant_id, layer_id) references model_layer (tenant_id, id) on delete cascade,
  check (datalength(weights_line) = 9 + 32 * vertices)
);

create type rows_uuuittttbu as table (
  c1 uniqueidentifier,
  c2 uniqueidentifier,
  c3 uniqueidentifier,
  c4 int,
  c5 nvarchar(max) collate Latin1_General_100_BIN2,
  c6 nvarchar(max) collate Latin1_General_100_BIN2,
  c7 nvarchar(max) collate Latin1_General_100_BIN2,
  c8 nvarchar(max) collate Latin1_General_100_BIN2,
  c9 bigint,
  c10 uniqueidentifier
);
