-- Weights as lines: a layer's weights are a LINESTRING ZM (x element index, y weight, z importance, m time in ms since
-- the epoch), in pieces, each with the ranges of what it holds, so that a query reads only pieces that may match.
create table model_layer (
  tenant_id uuid not null references tenant (id),
  id uuid not null,
  model_id uuid not null,
  layer_no integer not null check (layer_no >= 0),
  name text collate "C" not null check (length(name) between 1 and 400),
  -- JSON array of the dimensions.
  tensor_shape text not null,
  tensor_dtype text collate "C" not null check (length(tensor_dtype) between 1 and 40),
  quantisation text collate "C" check (length(quantisation) between 1 and 40),
  elements bigint not null check (elements >= 0),
  -- A lossy copy names the layer that it is made of.
  simplified_from uuid,
  version integer not null default 1,
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, model_id, name),
  foreign key (tenant_id, model_id) references model (tenant_id, id),
  foreign key (tenant_id, simplified_from) references model_layer (tenant_id, id)
);

create table weight_line (
  tenant_id uuid not null,
  layer_id uuid not null,
  piece_no integer not null check (piece_no >= 0),
  -- Well-known binary (ISO 13249-3, type 3002), little-endian.
  weights_line bytea not null,
  vertices integer not null check (vertices >= 2),
  index_min bigint not null check (index_min >= 0),
  index_max bigint not null check (index_max >= index_min),
  weight_min double precision not null,
  weight_max double precision not null,
  -- Null where no vertex has an importance.
  importance_min double precision,
  importance_max double precision,
  primary key (tenant_id, layer_id, piece_no),
  foreign key (tenant_id, layer_id) references model_layer (tenant_id, id) on delete cascade,
  check (octet_length(weights_line) = 9 + 32 * vertices),
  check (substring(weights_line from 1 for 5) = '\x01ba0b0000'::bytea)
);

do $$
declare
  table_name text;
begin
  foreach table_name in array array['model_layer', 'weight_line'] loop
    execute format('alter table %I enable row level security', table_name);
    execute format('alter table %I force row level security', table_name);
    execute format('create policy of_tenant on %I using (tenant_id = (select app_tenant()))
      with check (tenant_id = (select app_tenant()))', table_name);
    execute format('create policy of_owner on %I to current_user using (true) with check (true)', table_name);
    execute format('grant select, insert, update, delete on %I to hartonomous_app', table_name);
  end loop;
end
$$;
