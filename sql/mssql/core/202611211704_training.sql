-- Training: jobs, reviewed samples, checkpoints to go on from, what each run changed, and its gradients' health.
create table fine_tuning_job (
  tenant_id uniqueidentifier not null references tenant (id),
  id uniqueidentifier not null,
  model_id uniqueidentifier not null,
  strategy nvarchar(20) collate Latin1_General_100_BIN2 not null
    check (strategy in (N'supervised', N'feedback', N'online', N'adapter')),
  params nvarchar(max) not null,
  state nvarchar(20) collate Latin1_General_100_BIN2 not null
    check (state in (N'Pending', N'Running', N'Completed', N'Failed', N'Cancelled')),
  version int not null default 1,
  computation_id uniqueidentifier,
  result_model_id uniqueidentifier,
  samples_used int not null default 0 check (samples_used >= 0),
  result nvarchar(max),
  reason nvarchar(max),
  requested_by nvarchar(200) not null,
  created_at datetimeoffset(3) not null default sysdatetimeoffset(),
  started_at datetimeoffset(3),
  finished_at datetimeoffset(3),
  primary key (tenant_id, id),
  foreign key (tenant_id, model_id) references model (tenant_id, id),
  foreign key (tenant_id, result_model_id) references model (tenant_id, id)
);

create table training_sample (
  tenant_id uniqueidentifier not null references tenant (id),
  id uniqueidentifier not null,
  -- Hex SHA-256 of prompt and output: a sample is there once.
  content_hash nvarchar(64) collate Latin1_General_100_BIN2 not null,
  prompt nvarchar(max) not null,
  output nvarchar(max) not null,
  source nvarchar(20) collate Latin1_General_100_BIN2 not null
    check (source in (N'import', N'feedback', N'loop')),
  status nvarchar(20) collate Latin1_General_100_BIN2 not null default N'pending'
    check (status in (N'pending', N'approved', N'rejected')),
  score float check (score between 0 and 10),
  reviewer nvarchar(200),
  reviewed_at datetimeoffset(3),
  version int not null default 1,
  created_at datetimeoffset(3) not null default sysdatetimeoffset(),
  primary key (tenant_id, id),
  unique (tenant_id, content_hash),
  check (status = N'pending' or (score is not null and reviewer is not null and reviewed_at is not null))
);

-- CHECKPOINT is a word of T-SQL's own: the name stands in brackets.
create table [checkpoint] (
  tenant_id uniqueidentifier not null,
  job_id uniqueidentifier not null,
  step int not null check (step >= 0),
  data varbinary(max) not null,
  -- SHA-256 of the data.
  hash varbinary(32) not null check (datalength(hash) = 32),
  created_at datetimeoffset(3) not null default sysdatetimeoffset(),
  primary key (tenant_id, job_id, step),
  foreign key (tenant_id, job_id) references fine_tuning_job (tenant_id, id) on delete cascade
);

create table model_update_history (
  tenant_id uniqueidentifier not null,
  id uniqueidentifier not null,
  model_id uniqueidentifier not null,
  job_id uniqueidentifier,
  atoms_changed bigint not null check (atoms_changed >= 0),
  learning_rate float not null check (learning_rate > 0),
  epochs int not null check (epochs > 0),
  reward_mean float check (reward_mean between 0 and 1),
  loss_before float,
  loss_after float,
  document nvarchar(max) not null,
  created_at datetimeoffset(3) not null default sysdatetimeoffset(),
  primary key (tenant_id, id),
  foreign key (tenant_id, model_id) references model (tenant_id, id)
);

create table model_gradient (
  tenant_id uniqueidentifier not null,
  job_id uniqueidentifier not null,
  epoch int not null check (epoch >= 0),
  layer_type nvarchar(100) collate Latin1_General_100_BIN2 not null,
  norm_mean float not null check (norm_mean >= 0),
  norm_max float not null,
  clipped bigint not null check (clipped >= 0),
  primary key (tenant_id, job_id, epoch, layer_type),
  foreign key (tenant_id, job_id) references fine_tuning_job (tenant_id, id) on delete cascade,
  check (norm_max >= norm_mean)
);

-- A layer by its singular values: float32 little-endian, row by row.
create table svd_layer (
  tenant_id uniqueidentifier not null,
  layer_id uniqueidentifier not null,
  svd_rank int not null check (svd_rank > 0),
  row_count int not null,
  column_count int not null,
  u varbinary(max) not null,
  s varbinary(max) not null,
  vt varbinary(max) not null,
  -- Share of the squared singular values of the full spectrum.
  explained float not null check (explained between 0 and 1),
  created_at datetimeoffset(3) not null default sysdatetimeoffset(),
  primary key (tenant_id, layer_id, svd_rank),
  foreign key (tenant_id, layer_id) references model_layer (tenant_id, id) on delete cascade,
  check (row_count >= svd_rank and column_count >= svd_rank),
  check (datalength(u) = cast(4 as bigint) * row_count * svd_rank),
  check (datalength(s) = 4 * svd_rank),
  check (datalength(vt) = cast(4 as bigint) * column_count * svd_rank)
);

-- Which student came of which teacher, written by copy_student itself.
create table distillation_log (
  tenant_id uniqueidentifier not null,
  student_id uniqueidentifier not null,
  teacher_id uniqueidentifier not null,
  from_importance float not null,
  rows_copied bigint not null check (rows_copied >= 0),
  created_at datetimeoffset(3) not null default sysdatetimeoffset(),
  primary key (tenant_id, student_id),
  foreign key (tenant_id, student_id) references model (tenant_id, id),
  foreign key (tenant_id, teacher_id) references model (tenant_id, id)
);

-- What became of each concept.
create table concept_evolution (
  tenant_id uniqueidentifier not null references tenant (id),
  concept_id uniqueidentifier not null,
  event nvarchar(20) collate Latin1_General_100_BIN2 not null
    check (event in (N'created', N'kept', N'removed')),
  action_id uniqueidentifier not null,
  label nvarchar(200) not null,
  members bigint not null check (members >= 0),
  mean_distance float not null,
  happened_at datetimeoffset(3) not null default sysdatetimeoffset(),
  primary key (tenant_id, concept_id, event)
);

-- What a tenant's principals used, by day (yyyymmdd, UTC).
create table usage_ledger (
  tenant_id uniqueidentifier not null references tenant (id),
  day int not null check (day between 20000101 and 29991231),
  principal nvarchar(200) collate Latin1_General_100_BIN2 not null,
  kind nvarchar(100) collate Latin1_General_100_BIN2 not null,
  amount float not null check (amount >= 0),
  primary key (tenant_id, day, principal, kind)
);

-- Shapes of code: equal signatures are the same syntax tree without names and literals.
create table code_atom (
  tenant_id uniqueidentifier not null,
  atom_id uniqueidentifier not null,
  path nvarchar(600) collate Latin1_General_100_BIN2 not null,
  symbol nvarchar(400) collate Latin1_General_100_BIN2 not null,
  language nvarchar(60) collate Latin1_General_100_BIN2 not null,
  ast_signature nvarchar(64) collate Latin1_General_100_BIN2 not null check (len(ast_signature) = 64),
  minhash varbinary(max) not null,
  primary key (tenant_id, atom_id)
);

-- Rows as parameters, as in table_types.
create type rows_uittf as table (
  c1 uniqueidentifier,
  c2 int,
  c3 nvarchar(max) collate Latin1_General_100_BIN2,
  c4 nvarchar(max) collate Latin1_General_100_BIN2,
  c5 float
);

create type rows_uuiiiyyyf as table (
  c1 uniqueidentifier,
  c2 uniqueidentifier,
  c3 int,
  c4 int,
  c5 int,
  c6 varbinary(max),
  c7 varbinary(max),
  c8 varbinary(max),
  c9 float
);

create type rows_uuitffb as table (
  c1 uniqueidentifier,
  c2 uniqueidentifier,
  c3 int,
  c4 nvarchar(max) collate Latin1_General_100_BIN2,
  c5 float,
  c6 float,
  c7 bigint
);

create type rows_uuiyy as table (
  c1 uniqueidentifier,
  c2 uniqueidentifier,
  c3 int,
  c4 varbinary(max),
  c5 varbinary(max)
);

create type rows_uutttt as table (
  c1 uniqueidentifier,
  c2 uniqueidentifier,
  c3 nvarchar(max) collate Latin1_General_100_BIN2,
  c4 nvarchar(max) collate Latin1_General_100_BIN2,
  c5 nvarchar(max) collate Latin1_General_100_BIN2,
  c6 nvarchar(max) collate Latin1_General_100_BIN2
);

create type rows_uuutttt as table (
  c1 uniqueidentifier,
  c2 uniqueidentifier,
  c3 uniqueidentifier,
  c4 nvarchar(max) collate Latin1_General_100_BIN2,
  c5 nvarchar(max) collate Latin1_General_100_BIN2,
  c6 nvarchar(max) collate Latin1_General_100_BIN2,
  c7 nvarchar(max) collate Latin1_General_100_BIN2
);
go
drop procedure copy_student;
go
-- A student: a new model with the teacher's tensor atoms from an importance on, and an entry in the log. 0 when there is
-- no such teacher.
create procedure copy_student @of_model uniqueidentifier, @as_student uniqueidentifier, @with_name nvarchar(200),
  @from_importance float
as
begin
  set nocount on;
  declare @tenant uniqueidentifier = cast(session_context(N'tenant') as uniqueidentifier);
  declare @n bigint = 0;
  insert into model (tenant_id, id, name, architecture, format, version, status, ranking)
  select m.tenant_id, @as_student, @with_name, m.architecture, m.format, 1, N'candidate', m.ranking
  from model m where m.tenant_id = @tenant and m.id = @of_model;
  if @@rowcount = 1
  begin
    insert into tensor_atom (tenant_id, model_id, atom_id, tensor_no, segment_no, x, y, z, importance, hilbert,
      value_min, value_max, value_norm)
    select t.tenant_id, @as_student, t.atom_id, t.tensor_no, t.segment_no, t.x, t.y, t.z, t.importance, t.hilbert,
      t.value_min, t.value_max, t.value_norm
    from tensor_atom t where t.tenant_id = @tenant and t.model_id = @of_model and t.importance >= @from_importance;
    set @n = @@rowcount;
    insert into distillation_log (tenant_id, student_id, teacher_id, from_importance, rows_copied)
    values (@tenant, @as_student, @of_model, @from_importance, @n);
  end
  select @n as n;
end
