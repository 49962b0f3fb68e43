-- Picks of requests that the analysis repository sends as one parameter.
create type rows_ituooddf as table (
  c1 int,
  c2 nvarchar(max) collate Latin1_General_100_BIN2,
  c3 uniqueidentifier,
  c4 bit,
  c5 bit,
  c6 datetimeoffset(3),
  c7 datetimeoffset(3),
  c8 float
);
