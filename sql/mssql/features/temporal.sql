-- Earlier states of what changes in place and has no history of its own, kept by the engine for 90 days: read with
-- FOR SYSTEM_TIME AS OF. The columns are hidden, so that no statement sees them. An open row must not begin in the
-- transaction's future, hence the early start of the rows at hand.
alter table setting add
  valid_from datetime2(3) generated always as row start hidden not null
    constraint setting_valid_from default convert(datetime2(3), '2000-01-01'),
  valid_to datetime2(3) generated always as row end hidden not null
    constraint setting_valid_to default convert(datetime2(3), '9999-12-31 23:59:59.999'),
  period for system_time (valid_from, valid_to);
go
alter table setting set (system_versioning = on (
  history_table = dbo.setting_history, history_retention_period = 90 days));
go
alter table belief add
  valid_from datetime2(3) generated always as row start hidden not null
    constraint belief_valid_from default convert(datetime2(3), '2000-01-01'),
  valid_to datetime2(3) generated always as row end hidden not null
    constraint belief_valid_to default convert(datetime2(3), '9999-12-31 23:59:59.999'),
  period for system_time (valid_from, valid_to);
go
alter table belief set (system_versioning = on (
  history_table = dbo.belief_history, history_retention_period = 90 days));
