-- Rows that the analysis repository sends as one parameter.
create type rows_tuf as table (
  c1 nvarchar(max) collate Latin1_General_100_BIN2,
  c2 uniqueidentifier,
  c3 float
);

create type rows_uuttfff as table (
  c1 uniqueidentifier,
  c2 uniqueidentifier,
  c3 nvarchar(max) collate Latin1_General_100_BIN2,
  c4 nvarchar(max) collate Latin1_General_100_BIN2,
  c5 float,
  c6 float,
  c7 float
);
