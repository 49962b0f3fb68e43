-- The loop's own record. Documents are canonical JSON text; each is owned by its writer's schema.
create table cycle (
  tenant_id uniqueidentifier not null references tenant (id),
  id uniqueidentifier not null,
  number int not null check (number > 0),
  state nvarchar(40) collate Latin1_General_100_BIN2 not null
    check (state in ('Requested', 'Observed', 'Decided', 'Acting', 'Learned', 'Failed')),
  scope nvarchar(40) collate Latin1_General_100_BIN2 not null check (scope in ('full', 'incremental')),
  -- Fencing epoch: every step raises it, conditionally.
  epoch int not null default 0,
  requested_by nvarchar(200) collate Latin1_General_100_BIN2 not null,
  requested_at datetimeoffset(3) not null default sysdatetimeoffset(),
  due_at datetimeoffset(3) not null,
  window_from datetimeoffset(3),
  window_to datetimeoffset(3),
  trace_id nvarchar(64) collate Latin1_General_100_BIN2,
  outcome nvarchar(max),
  finished_at datetimeoffset(3),
  -- One open cycle a tenant: open ones share the number 0, finished ones keep their own.
  open_no as (case when state in ('Learned', 'Failed') then number else 0 end) persisted not null,
  primary key (tenant_id, id),
  unique (tenant_id, number),
  unique (tenant_id, open_no)
);

create table observation (
  tenant_id uniqueidentifier not null,
  id uniqueidentifier not null,
  cycle_id uniqueidentifier not null,
  document nvarchar(max) not null,
  created_at datetimeoffset(3) not null default sysdatetimeoffset(),
  primary key (tenant_id, id),
  unique (tenant_id, cycle_id),
  foreign key (tenant_id, cycle_id) references cycle (tenant_id, id)
);

create table hypothesis (
  tenant_id uniqueidentifier not null,
  id uniqueidentifier not null,
  cycle_id uniqueidentifier not null,
  type nvarchar(60) collate Latin1_General_100_BIN2 not null
    check (type in ('IndexOptimization', 'QueryRegression', 'CacheWarming',
    'ConceptDiscovery', 'ModelRetraining', 'CandidateVersion', 'PruneModel', 'Compression', 'RefactorCode', 'FixUX',
    'Placebo')),
  target nvarchar(600) collate Latin1_General_100_BIN2 not null,
  candidate nvarchar(max) not null,
  plan_hash nvarchar(64) collate Latin1_General_100_BIN2 not null,
  value float not null,
  selection_probability float not null check (selection_probability between 0 and 1),
  chosen bit not null,
  created_at datetimeoffset(3) not null default sysdatetimeoffset(),
  primary key (tenant_id, id),
  unique (tenant_id, cycle_id, plan_hash),
  foreign key (tenant_id, cycle_id) references cycle (tenant_id, id)
);

create table rejected_candidate (
  tenant_id uniqueidentifier not null,
  cycle_id uniqueidentifier not null,
  candidate_no int not null check (candidate_no >= 0),
  type nvarchar(60) collate Latin1_General_100_BIN2 not null,
  target nvarchar(600) collate Latin1_General_100_BIN2 not null,
  reason nvarchar(max) not null check (len(reason) > 0),
  reason_code nvarchar(100) collate Latin1_General_100_BIN2 not null,
  created_at datetimeoffset(3) not null default sysdatetimeoffset(),
  primary key (tenant_id, cycle_id, candidate_no),
  foreign key (tenant_id, cycle_id) references cycle (tenant_id, id)
);

create table action (
  tenant_id uniqueidentifier not null,
  id uniqueidentifier not null,
  cycle_id uniqueidentifier not null,
  hypothesis_id uniqueidentifier not null,
  type nvarchar(60) collate Latin1_General_100_BIN2 not null
    check (type in ('IndexOptimization', 'QueryRegression', 'CacheWarming',
    'ConceptDiscovery', 'ModelRetraining', 'CandidateVersion', 'PruneModel', 'Compression', 'RefactorCode', 'FixUX',
    'Placebo')),
  target nvarchar(600) collate Latin1_General_100_BIN2 not null,
  target_class nvarchar(200) collate Latin1_General_100_BIN2 not null,
  design nvarchar(40) collate Latin1_General_100_BIN2 not null
    check (design in ('matched-key-pairs', 'switchback', 'replay', 'before-after',
    'held-out', 'split', 'proposal')),
  action_class nvarchar(4) collate Latin1_General_100_BIN2 not null check (action_class in ('A', 'B', 'C', 'D')),
  state nvarchar(40) collate Latin1_General_100_BIN2 not null
    check (state in ('Proposed', 'Gated', 'AwaitingApproval', 'Rejected', 'Expired',
    'Scheduled', 'Applying', 'Verifying', 'Kept', 'Unkept', 'Reverting', 'RevertedHarm', 'RevertedNoBenefit',
    'Inconclusive', 'RevertedByOperator', 'FailedToApply', 'FailedToRevert', 'ProposalAccepted',
    'ProposalDismissed')),
  version int not null default 1,
  transition_seq int not null default 0,
  plan_hash nvarchar(64) collate Latin1_General_100_BIN2 not null,
  parameters nvarchar(max) not null,
  inverse nvarchar(max),
  snapshot_hash nvarchar(64) collate Latin1_General_100_BIN2,
  progress nvarchar(max) not null,
  fingerprint nvarchar(200) collate Latin1_General_100_BIN2,
  reason nvarchar(max) not null,
  verdict nvarchar(40) collate Latin1_General_100_BIN2
    check (verdict in ('Kept', 'RevertedHarm', 'RevertedNoBenefit', 'Inconclusive',
    'RevertedByOperator', 'FailedToApply', 'FailedToRevert', 'Unkept', 'Gated')),
  effect nvarchar(max),
  pairs int not null default 0 check (pairs >= 0),
  expected nvarchar(max) not null,
  exposure nvarchar(max) not null,
  trace_id nvarchar(64) collate Latin1_General_100_BIN2,
  created_at datetimeoffset(3) not null default sysdatetimeoffset(),
  applied_at datetimeoffset(3),
  concluded_at datetimeoffset(3),
  expires_at datetimeoffset(3),
  approved_by nvarchar(max) not null default '[]',
  primary key (tenant_id, id),
  unique (tenant_id, cycle_id, hypothesis_id),
  foreign key (tenant_id, cycle_id) references cycle (tenant_id, id),
  -- Law 4: nothing is applied before its inverse is stored.
  check (inverse is not null or state not in ('Applying', 'Verifying', 'Kept', 'Reverting'))
);

-- Target of an OUTPUT clause: such a table may have no check and no foreign key.
create table action_transition (
  tenant_id uniqueidentifier not null,
  action_id uniqueidentifier not null,
  seq int not null,
  from_state nvarchar(40) collate Latin1_General_100_BIN2 not null,
  to_state nvarchar(40) collate Latin1_General_100_BIN2 not null,
  event nvarchar(200) collate Latin1_General_100_BIN2 not null,
  reason nvarchar(max) not null,
  done_by nvarchar(200) collate Latin1_General_100_BIN2 not null,
  happened_at datetimeoffset(3) not null default sysdatetimeoffset(),
  trace_id nvarchar(64) collate Latin1_General_100_BIN2,
  primary key (tenant_id, action_id, seq)
);

create table evidence_pair (
  tenant_id uniqueidentifier not null,
  action_id uniqueidentifier not null,
  kind nvarchar(40) collate Latin1_General_100_BIN2 not null check (kind in ('AA', 'AB')),
  pair_no int not null check (pair_no >= 0),
  control nvarchar(max) not null,
  treated nvarchar(max) not null,
  errors_control int not null check (errors_control >= 0),
  errors_treated int not null check (errors_treated >= 0),
  count_control int not null check (count_control >= 0),
  count_treated int not null check (count_treated >= 0),
  arm_order nvarchar(20) collate Latin1_General_100_BIN2 not null
    check (arm_order in ('control-first', 'treated-first', 'mixed')),
  measured_at datetimeoffset(3) not null,
  primary key (tenant_id, action_id, kind, pair_no),
  foreign key (tenant_id, action_id) references action (tenant_id, id)
);

create table improvement_history (
  tenant_id uniqueidentifier not null,
  id uniqueidentifier not null,
  action_id uniqueidentifier not null,
  cycle_id uniqueidentifier not null,
  verdict nvarchar(40) collate Latin1_General_100_BIN2 not null
    check (verdict in ('Kept', 'RevertedHarm', 'RevertedNoBenefit', 'Inconclusive',
    'RevertedByOperator', 'FailedToApply', 'FailedToRevert', 'Unkept', 'Gated')),
  net_gain_seconds float not null,
  success_score float not null check (success_score between 0 and 1),
  document nvarchar(max) not null,
  created_at datetimeoffset(3) not null default sysdatetimeoffset(),
  primary key (tenant_id, id),
  foreign key (tenant_id, action_id) references action (tenant_id, id)
);

create table belief (
  tenant_id uniqueidentifier not null references tenant (id),
  kind nvarchar(40) collate Latin1_General_100_BIN2 not null check (kind in ('arm', 'type')),
  belief_key nvarchar(300) collate Latin1_General_100_BIN2 not null,
  successes float not null check (successes >= 0),
  failures float not null check (failures >= 0),
  gain_count float not null check (gain_count >= 0),
  gain_mean float not null,
  gain_m2 float not null check (gain_m2 >= 0),
  trials int not null check (trials >= 0),
  harms int not null check (harms >= 0),
  first_seen_cycle int not null,
  last_tried_cycle int,
  as_of_cycle int not null,
  version int not null check (version > 0),
  primary key (tenant_id, kind, belief_key)
);

create table learning_metric (
  tenant_id uniqueidentifier not null,
  id bigint identity(1,1),
  cycle_id uniqueidentifier not null,
  name nvarchar(200) collate Latin1_General_100_BIN2 not null,
  value float not null,
  low float,
  high float,
  label nvarchar(200) collate Latin1_General_100_BIN2 not null,
  created_at datetimeoffset(3) not null default sysdatetimeoffset(),
  primary key (tenant_id, id)
);
