-- Rows as parameters: one table type per shape, named by a letter per column: u id, t text, i int, b bigint, f float,
-- o bit, d instant, y bytes.

create type rows_itttt as table (
  c1 int,
  c2 nvarchar(max) collate Latin1_General_100_BIN2,
  c3 nvarchar(max) collate Latin1_General_100_BIN2,
  c4 nvarchar(max) collate Latin1_General_100_BIN2,
  c5 nvarchar(max) collate Latin1_General_100_BIN2
);

create type rows_t as table (
  c1 nvarchar(max) collate Latin1_General_100_BIN2
);

create type rows_ti as table (
  c1 nvarchar(max) collate Latin1_General_100_BIN2,
  c2 int
);

create type rows_ttbdd as table (
  c1 nvarchar(max) collate Latin1_General_100_BIN2,
  c2 nvarchar(max) collate Latin1_General_100_BIN2,
  c3 bigint,
  c4 datetimeoffset(3),
  c5 datetimeoffset(3)
);

create type rows_ttf as table (
  c1 nvarchar(max) collate Latin1_General_100_BIN2,
  c2 nvarchar(max) collate Latin1_General_100_BIN2,
  c3 float
);

create type rows_ttidt as table (
  c1 nvarchar(max) collate Latin1_General_100_BIN2,
  c2 nvarchar(max) collate Latin1_General_100_BIN2,
  c3 int,
  c4 datetimeoffset(3),
  c5 nvarchar(max) collate Latin1_General_100_BIN2
);

create type rows_ttif as table (
  c1 nvarchar(max) collate Latin1_General_100_BIN2,
  c2 nvarchar(max) collate Latin1_General_100_BIN2,
  c3 int,
  c4 float
);

create type rows_tttutttdfttt as table (
  c1 nvarchar(max) collate Latin1_General_100_BIN2,
  c2 nvarchar(max) collate Latin1_General_100_BIN2,
  c3 nvarchar(max) collate Latin1_General_100_BIN2,
  c4 uniqueidentifier,
  c5 nvarchar(max) collate Latin1_General_100_BIN2,
  c6 nvarchar(max) collate Latin1_General_100_BIN2,
  c7 nvarchar(max) collate Latin1_General_100_BIN2,
  c8 datetimeoffset(3),
  c9 float,
  c10 nvarchar(max) collate Latin1_General_100_BIN2,
  c11 nvarchar(max) collate Latin1_General_100_BIN2,
  c12 nvarchar(max) collate Latin1_General_100_BIN2
);

create type rows_u as table (
  c1 uniqueidentifier
);

create type rows_ubtttttdy as table (
  c1 uniqueidentifier,
  c2 bigint,
  c3 nvarchar(max) collate Latin1_General_100_BIN2,
  c4 nvarchar(max) collate Latin1_General_100_BIN2,
  c5 nvarchar(max) collate Latin1_General_100_BIN2,
  c6 nvarchar(max) collate Latin1_General_100_BIN2,
  c7 nvarchar(max) collate Latin1_General_100_BIN2,
  c8 datetimeoffset(3),
  c9 varbinary(max)
);

create type rows_ui as table (
  c1 uniqueidentifier,
  c2 int
);

create type rows_ut as table (
  c1 uniqueidentifier,
  c2 nvarchar(max) collate Latin1_General_100_BIN2
);

create type rows_uttbt as table (
  c1 uniqueidentifier,
  c2 nvarchar(max) collate Latin1_General_100_BIN2,
  c3 nvarchar(max) collate Latin1_General_100_BIN2,
  c4 bigint,
  c5 nvarchar(max) collate Latin1_General_100_BIN2
);

create type rows_uttfffffiiiiii as table (
  c1 uniqueidentifier,
  c2 nvarchar(max) collate Latin1_General_100_BIN2,
  c3 nvarchar(max) collate Latin1_General_100_BIN2,
  c4 float,
  c5 float,
  c6 float,
  c7 float,
  c8 float,
  c9 int,
  c10 int,
  c11 int,
  c12 int,
  c13 int,
  c14 int
);

create type rows_uttt as table (
  c1 uniqueidentifier,
  c2 nvarchar(max) collate Latin1_General_100_BIN2,
  c3 nvarchar(max) collate Latin1_General_100_BIN2,
  c4 nvarchar(max) collate Latin1_General_100_BIN2
);

create type rows_ututt as table (
  c1 uniqueidentifier,
  c2 nvarchar(max) collate Latin1_General_100_BIN2,
  c3 uniqueidentifier,
  c4 nvarchar(max) collate Latin1_General_100_BIN2,
  c5 nvarchar(max) collate Latin1_General_100_BIN2
);

create type rows_uud as table (
  c1 uniqueidentifier,
  c2 uniqueidentifier,
  c3 datetimeoffset(3)
);

create type rows_uuiuf as table (
  c1 uniqueidentifier,
  c2 uniqueidentifier,
  c3 int,
  c4 uniqueidentifier,
  c5 float
);

create type rows_uut as table (
  c1 uniqueidentifier,
  c2 uniqueidentifier,
  c3 nvarchar(max) collate Latin1_General_100_BIN2
);

create type rows_uutittd as table (
  c1 uniqueidentifier,
  c2 uniqueidentifier,
  c3 nvarchar(max) collate Latin1_General_100_BIN2,
  c4 int,
  c5 nvarchar(max) collate Latin1_General_100_BIN2,
  c6 nvarchar(max) collate Latin1_General_100_BIN2,
  c7 datetimeoffset(3)
);

create type rows_uutittiiiitd as table (
  c1 uniqueidentifier,
  c2 uniqueidentifier,
  c3 nvarchar(max) collate Latin1_General_100_BIN2,
  c4 int,
  c5 nvarchar(max) collate Latin1_General_100_BIN2,
  c6 nvarchar(max) collate Latin1_General_100_BIN2,
  c7 int,
  c8 int,
  c9 int,
  c10 int,
  c11 nvarchar(max) collate Latin1_General_100_BIN2,
  c12 datetimeoffset(3)
);

create type rows_uuttd as table (
  c1 uniqueidentifier,
  c2 uniqueidentifier,
  c3 nvarchar(max) collate Latin1_General_100_BIN2,
  c4 nvarchar(max) collate Latin1_General_100_BIN2,
  c5 datetimeoffset(3)
);

create type rows_uuttitt as table (
  c1 uniqueidentifier,
  c2 uniqueidentifier,
  c3 nvarchar(max) collate Latin1_General_100_BIN2,
  c4 nvarchar(max) collate Latin1_General_100_BIN2,
  c5 int,
  c6 nvarchar(max) collate Latin1_General_100_BIN2,
  c7 nvarchar(max) collate Latin1_General_100_BIN2
);

create type rows_uuudfff as table (
  c1 uniqueidentifier,
  c2 uniqueidentifier,
  c3 uniqueidentifier,
  c4 datetimeoffset(3),
  c5 float,
  c6 float,
  c7 float
);

create type rows_uuutttdftouitutti as table (
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
  c17 int
);

create type rows_uuuttttffo as table (
  c1 uniqueidentifier,
  c2 uniqueidentifier,
  c3 uniqueidentifier,
  c4 nvarchar(max) collate Latin1_General_100_BIN2,
  c5 nvarchar(max) collate Latin1_General_100_BIN2,
  c6 nvarchar(max) collate Latin1_General_100_BIN2,
  c7 nvarchar(max) collate Latin1_General_100_BIN2,
  c8 float,
  c9 float,
  c10 bit
);

create type rows_uuuuttttttttttttttttd as table (
  c1 uniqueidentifier,
  c2 uniqueidentifier,
  c3 uniqueidentifier,
  c4 uniqueidentifier,
  c5 nvarchar(max) collate Latin1_General_100_BIN2,
  c6 nvarchar(max) collate Latin1_General_100_BIN2,
  c7 nvarchar(max) collate Latin1_General_100_BIN2,
  c8 nvarchar(max) collate Latin1_General_100_BIN2,
  c9 nvarchar(max) collate Latin1_General_100_BIN2,
  c10 nvarchar(max) collate Latin1_General_100_BIN2,
  c11 nvarchar(max) collate Latin1_General_100_BIN2,
  c12 nvarchar(max) collate Latin1_General_100_BIN2,
  c13 nvarchar(max) collate Latin1_General_100_BIN2,
  c14 nvarchar(max) collate Latin1_General_100_BIN2,
  c15 nvarchar(max) collate Latin1_General_100_BIN2,
  c16 nvarchar(max) collate Latin1_General_100_BIN2,
  c17 nvarchar(max) collate Latin1_General_100_BIN2,
  c18 nvarchar(max) collate Latin1_General_100_BIN2,
  c19 nvarchar(max) collate Latin1_General_100_BIN2,
  c20 nvarchar(max) collate Latin1_General_100_BIN2,
  c21 datetimeoffset(3)
);
