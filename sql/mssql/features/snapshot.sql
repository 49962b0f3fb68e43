-- Readers see the last committed rows instead of waiting for writers; Analyze reads one consistent view.
alter database current set allow_snapshot_isolation on;
go
alter database current set read_committed_snapshot on with rollback after 5 seconds;
