-- Requests with their tokens, and picks of requests by size class, each sent as one parameter.
create type rows_uuutttdftouituttii as table (
  c1 uniqueidentifier,
  c2 uniqueidentifier,
  c3 uniqueidentifier,
  c4 nvarchar(max) collate Latin1_General_100_BIN2,
  c5 nvarchar(max) collate Latin1_General_100_BIN2,
  c6 nvarchar(max) collate Latin1_General_100_BIN2,
  c7 datetimeoffset(3),
  c8 float,
  c9 nvarchar(max) collate Latin1_General_100_BIN2,
  c10 bit,
  c11 uniqueidentifier,
  c12 int,
  c13 nvarchar(max) collate Latin1_General_100_BIN2,
  c14 uniqueidentifier,
  c15 nvarchar(max) collate Latin1_General_100_BIN2,
  c16 nvarchar(max) collate Latin1_General_100_BIN2,
  c17 int,
  c18 int
);

create type rows_itiuooddf as table (
  c1 int,
  c2 nvarchar(max) collate Latin1_General_100_BIN2,
  c3 int,
  c4 uniqueidentifier,
  c5 bit,
  c6 bit,
  c7 datetimeoffset(3),
  c8 datetimeoffset(3),
  c9 float
);
