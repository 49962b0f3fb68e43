-- The loop's own record. Documents are canonical JSON text; each is owned by its writer's schema.
create table cycle (
  tenant_id uuid not null references tenant (id),
  id uuid not null,
  number integer not null check (number > 0),
  state text collate "C" not null check (state in ('Requested', 'Observed', 'Decided', 'Acting', 'Learned', 'Failed')),
  scope text collate "C" not null check (scope in ('full', 'incremental')),
  -- Fencing epoch: every step raises it, conditionally.
  epoch integer not null default 0,
  requested_by text not null,
  requested_at timestamptz(3) not null default now(),
  due_at timestamptz(3) not null,
  window_from timestamptz(3),
  window_to timestamptz(3),
  trace_id text collate "C",
  outcome text,
  finished_at timestamptz(3),
  -- One open cycle a tenant: open ones share the number 0, finished ones keep their own.
  open_no integer not null generated always as
    (case when state in ('Learned', 'Failed') then number else 0 end) stored,
  primary key (tenant_id, id),
  unique (tenant_id, number),
  unique (tenant_id, open_no)
);

create table observation (
  tenant_id uuid not null,
  id uuid not null,
  cycle_id uuid not null,
  document text not null,
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, cycle_id),
  foreign key (tenant_id, cycle_id) references cycle (tenant_id, id)
);

create table hypothesis (
  tenant_id uuid not null,
  id uuid not null,
  cycle_id uuid not null,
  type text collate "C" not null check (type in ('IndexOptimization', 'QueryRegression', 'CacheWarming',
    'ConceptDiscovery', 'ModelRetraining', 'CandidateVersion', 'PruneModel', 'Compression', 'RefactorCode', 'FixUX',
    'Placebo')),
  target text not null,
  candidate text not null,
  plan_hash text collate "C" not null,
  value double precision not null,
  selection_probability double precision not null check (selection_probability between 0 and 1),
  chosen boolean not null,
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, cycle_id, plan_hash),
  foreign key (tenant_id, cycle_id) references cycle (tenant_id, id)
);

create table rejected_candidate (
  tenant_id uuid not null,
  cycle_id uuid not null,
  candidate_no integer not null check (candidate_no >= 0),
  type text collate "C" not null,
  target text not null,
  reason text not null check (length(reason) > 0),
  reason_code text collate "C" not null,
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, cycle_id, candidate_no),
  foreign key (tenant_id, cycle_id) references cycle (tenant_id, id)
);

create table action (
  tenant_id uuid not null,
  id uuid not null,
  cycle_id uuid not null,
  hypothesis_id uuid not null,
  type text collate "C" not null check (type in ('IndexOptimization', 'QueryRegression', 'CacheWarming',
    'ConceptDiscovery', 'ModelRetraining', 'CandidateVersion', 'PruneModel', 'Compression', 'RefactorCode', 'FixUX',
    'Placebo')),
  target text not null,
  target_class text not null,
  design text collate "C" not null check (design in ('matched-key-pairs', 'switchback', 'replay', 'before-after',
    'held-out', 'split', 'proposal')),
  action_class text collate "C" not null check (action_class in ('A', 'B', 'C', 'D')),
  state text collate "C" not null check (state in ('Proposed', 'Gated', 'AwaitingApproval', 'Rejected', 'Expired',
    'Scheduled', 'Applying', 'Verifying', 'Kept', 'Unkept', 'Reverting', 'RevertedHarm', 'RevertedNoBenefit',
    'Inconclusive', 'RevertedByOperator', 'FailedToApply', 'FailedToRevert', 'ProposalAccepted',
    'ProposalDismissed')),
  version integer not null default 1,
  transition_seq integer not null default 0,
  plan_hash text collate "C" not null,
  parameters text not null,
  inverse text,
  snapshot_hash text collate "C",
  progress text not null,
  fingerprint text collate "C",
  reason text not null,
  verdict text collate "C" check (verdict in ('Kept', 'RevertedHarm', 'RevertedNoBenefit', 'Inconclusive',
    'RevertedByOperator', 'FailedToApply', 'FailedToRevert', 'Unkept', 'Gated')),
  effect text,
  pairs integer not null default 0 check (pairs >= 0),
  expected text not null,
  exposure text not null,
  trace_id text collate "C",
  created_at timestamptz(3) not null default now(),
  applied_at timestamptz(3),
  concluded_at timestamptz(3),
  expires_at timestamptz(3),
  approved_by text not null default '[]',
  primary key (tenant_id, id),
  unique (tenant_id, cycle_id, hypothesis_id),
  foreign key (tenant_id, cycle_id) references cycle (tenant_id, id),
  -- Law 4: nothing is applied before its inverse is stored.
  check (inverse is not null or state not in ('Applying', 'Verifying', 'Kept', 'Reverting'))
);

create table action_transition (
  tenant_id uuid not null,
  action_id uuid not null,
  seq integer not null check (seq > 0),
  from_state text collate "C" not null,
  to_state text collate "C" not null,
  event text not null,
  reason text not null,
  done_by text not null,
  happened_at timestamptz(3) not null default now(),
  trace_id text collate "C",
  primary key (tenant_id, action_id, seq)
);

create table evidence_pair (
  tenant_id uuid not null,
  action_id uuid not null,
  kind text collate "C" not null check (kind in ('AA', 'AB')),
  pair_no integer not null check (pair_no >= 0),
  control text not null,
  treated text not null,
  errors_control integer not null check (errors_control >= 0),
  errors_treated integer not null check (errors_treated >= 0),
  count_control integer not null check (count_control >= 0),
  count_treated integer not null check (count_treated >= 0),
  arm_order text collate "C" not null check (arm_order in ('control-first', 'treated-first', 'mixed')),
  measured_at timestamptz(3) not null,
  primary key (tenant_id, action_id, kind, pair_no),
  foreign key (tenant_id, action_id) references action (tenant_id, id)
);

create table improvement_history (
  tenant_id uuid not null,
  id uuid not null,
  action_id uuid not null,
  cycle_id uuid not null,
  verdict text collate "C" not null check (verdict in ('Kept', 'RevertedHarm', 'RevertedNoBenefit', 'Inconclusive',
    'RevertedByOperator', 'FailedToApply', 'FailedToRevert', 'Unkept', 'Gated')),
  net_gain_seconds double precision not null,
  success_score double precision not null check (success_score between 0 and 1),
  document text not null,
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, action_id) references action (tenant_id, id)
);

create table belief (
  tenant_id uuid not null references tenant (id),
  kind text collate "C" not null check (kind in ('arm', 'type')),
  belief_key text collate "C" not null,
  successes double precision not null check (successes >= 0),
  failures double precision not null check (failures >= 0),
  gain_count double precision not null check (gain_count >= 0),
  gain_mean double precision not null,
  gain_m2 double precision not null check (gain_m2 >= 0),
  trials integer not null check (trials >= 0),
  harms integer not null check (harms >= 0),
  first_seen_cycle integer not null,
  last_tried_cycle integer,
  as_of_cycle integer not null,
  version integer not null check (version > 0),
  primary key (tenant_id, kind, belief_key)
);

create table learning_metric (
  tenant_id uuid not null,
  id bigint generated always as identity,
  cycle_id uuid not null,
  name text collate "C" not null,
  value double precision not null,
  low double precision,
  high double precision,
  label text not null,
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, id)
);
