-- Training: jobs, reviewed samples, checkpoints to go on from, what each run changed, and its gradients' health.
create table fine_tuning_job (
  tenant_id uuid not null references tenant (id),
  id uuid not null,
  model_id uuid not null,
  strategy text collate "C" not null check (strategy in ('supervised', 'feedback', 'online', 'adapter')),
  params text not null,
  state text collate "C" not null check (state in ('Pending', 'Running', 'Completed', 'Failed', 'Cancelled')),
  version integer not null default 1,
  computation_id uuid,
  result_model_id uuid,
  samples_used integer not null default 0 check (samples_used >= 0),
  result text,
  reason text,
  requested_by text not null,
  created_at timestamptz(3) not null default now(),
  started_at timestamptz(3),
  finished_at timestamptz(3),
  primary key (tenant_id, id),
  foreign key (tenant_id, model_id) references model (tenant_id, id),
  foreign key (tenant_id, result_model_id) references model (tenant_id, id)
);

create table training_sample (
  tenant_id uuid not null references tenant (id),
  id uuid not null,
  -- Hex SHA-256 of prompt and output: a sample is there once.
  content_hash text collate "C" not null,
  prompt text not null,
  output text not null,
  source text collate "C" not null check (source in ('import', 'feedback', 'loop')),
  status text collate "C" not null default 'pending' check (status in ('pending', 'approved', 'rejected')),
  score double precision check (score between 0 and 10),
  reviewer text,
  reviewed_at timestamptz(3),
  version integer not null default 1,
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, content_hash),
  check (status = 'pending' or (score is not null and reviewer is not null and reviewed_at is not null))
);

create table checkpoint (
  tenant_id uuid not null,
  job_id uuid not null,
  step integer not null check (step >= 0),
  data bytea not null,
  -- SHA-256 of the data.
  hash bytea not null check (octet_length(hash) = 32),
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, job_id, step),
  foreign key (tenant_id, job_id) references fine_tuning_job (tenant_id, id) on delete cascade
);

create table model_update_history (
  tenant_id uuid not null,
  id uuid not null,
  model_id uuid not null,
  job_id uuid,
  atoms_changed bigint not null check (atoms_changed >= 0),
  learning_rate double precision not null check (learning_rate > 0),
  epochs integer not null check (epochs > 0),
  reward_mean double precision check (reward_mean between 0 and 1),
  loss_before double precision,
  loss_after double precision,
  document text not null,
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, model_id) references model (tenant_id, id)
);

create table model_gradient (
  tenant_id uuid not null,
  job_id uuid not null,
  epoch integer not null check (epoch >= 0),
  layer_type text collate "C" not null check (length(layer_type) between 1 and 100),
  norm_mean double precision not null check (norm_mean >= 0),
  norm_max double precision not null check (norm_max >= norm_mean),
  clipped bigint not null check (clipped >= 0),
  primary key (tenant_id, job_id, epoch, layer_type),
  foreign key (tenant_id, job_id) references fine_tuning_job (tenant_id, id) on delete cascade
);

-- A layer by its singular values: float32 little-endian, row by row.
create table svd_layer (
  tenant_id uuid not null,
  layer_id uuid not null,
  svd_rank integer not null check (svd_rank > 0),
  row_count integer not null check (row_count >= svd_rank),
  column_count integer not null check (column_count >= svd_rank),
  u bytea not null,
  s bytea not null,
  vt bytea not null,
  -- Share of the squared singular values of the full spectrum.
  explained double precision not null check (explained between 0 and 1),
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, layer_id, svd_rank),
  foreign key (tenant_id, layer_id) references model_layer (tenant_id, id) on delete cascade,
  check (octet_length(u) = 4::bigint * row_count * svd_rank),
  check (octet_length(s) = 4 * svd_rank),
  check (octet_length(vt) = 4::bigint * column_count * svd_rank)
);

-- Which student came of which teacher, written by copy_student itself.
create table distillation_log (
  tenant_id uuid not null,
  student_id uuid not null,
  teacher_id uuid not null,
  from_importance double precision not null,
  rows_copied bigint not null check (rows_copied >= 0),
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, student_id),
  foreign key (tenant_id, student_id) references model (tenant_id, id),
  foreign key (tenant_id, teacher_id) references model (tenant_id, id)
);

-- What became of each concept.
create table concept_evolution (
  tenant_id uuid not null references tenant (id),
  concept_id uuid not null,
  event text collate "C" not null check (event in ('created', 'kept', 'removed')),
  action_id uuid not null,
  label text not null,
  members bigint not null check (members >= 0),
  mean_distance double precision not null,
  happened_at timestamptz(3) not null default now(),
  primary key (tenant_id, concept_id, event)
);

-- What a tenant's principals used, by day (yyyymmdd, UTC).
create table usage_ledger (
  tenant_id uuid not null references tenant (id),
  day integer not null check (day between 20000101 and 29991231),
  principal text collate "C" not null check (length(principal) between 1 and 200),
  kind text collate "C" not null check (length(kind) between 1 and 100),
  amount double precision not null check (amount >= 0),
  primary key (tenant_id, day, principal, kind)
);

-- Shapes of code: equal signatures are the same syntax tree without names and literals.
create table code_atom (
  tenant_id uuid not null,
  atom_id uuid not null,
  path text collate "C" not null check (length(path) between 1 and 600),
  symbol text collate "C" not null check (length(symbol) between 1 and 400),
  language text collate "C" not null,
  ast_signature text collate "C" not null check (ast_signature ~ '^[0-9a-f]{64}$'),
  minhash bytea not null,
  primary key (tenant_id, atom_id)
);

do $$
declare
  table_name text;
begin
  foreach table_name in array array['fine_tuning_job', 'training_sample', 'checkpoint', 'model_update_history',
    'model_gradient', 'svd_layer', 'distillation_log', 'concept_evolution', 'usage_ledger', 'code_atom'] loop
    execute format('alter table %I enable row level security', table_name);
    execute format('alter table %I force row level security', table_name);
    execute format('create policy of_tenant on %I using (tenant_id = (select app_tenant()))
      with check (tenant_id = (select app_tenant()))', table_name);
    execute format('create policy of_owner on %I to current_user using (true) with check (true)', table_name);
    execute format('grant select, insert, update, delete on %I to hartonomous_app', table_name);
  end loop;
end
$$;
-- Records grow only.
revoke update, delete on model_update_history, distillation_log, concept_evolution from hartonomous_app;

-- A student: a new model with the teacher's tensor atoms from an importance on, and an entry in the log. 0 when there is
-- no such teacher.
create or replace function copy_student(of_model uuid, as_student uuid, with_name text, from_importance double precision)
  returns bigint language plpgsql volatile
as $$
declare
  copied bigint;
begin
  insert into model (tenant_id, id, name, architecture, format, version, status, ranking)
    select m.tenant_id, as_student, with_name, m.architecture, m.format, 1, 'candidate', m.ranking
    from model m where m.tenant_id = (select app_tenant()) and m.id = of_model;
  if not found then
    return 0;
  end if;
  insert into tensor_atom (tenant_id, model_id, atom_id, tensor_no, segment_no, x, y, z, importance, hilbert,
      value_min, value_max, value_norm)
    select t.tenant_id, as_student, t.atom_id, t.tensor_no, t.segment_no, t.x, t.y, t.z, t.importance, t.hilbert,
      t.value_min, t.value_max, t.value_norm
    from tensor_atom t
    where t.tenant_id = (select app_tenant()) and t.model_id = of_model and t.importance >= from_importance;
  get diagnostics copied = row_count;
  insert into distillation_log (tenant_id, student_id, teacher_id, from_importance, rows_copied)
    values (app_tenant(), as_student, of_model, from_importance, copied);
  return copied;
end
$$;
