-- What an alias named before: written by the statement that replaces it, true in [valid_from, valid_to).
-- Target of an OUTPUT clause: such a table may have no check and no foreign key. No primary key either: a row that was
-- replaced twice in one millisecond leaves empty spans, which no instant falls into.
create table model_alias_history (
  tenant_id uniqueidentifier not null,
  alias nvarchar(200) collate Latin1_General_100_BIN2 not null,
  model_id uniqueidentifier not null,
  previous_model_id uniqueidentifier,
  changed_by nvarchar(200) collate Latin1_General_100_BIN2 not null,
  why nvarchar(max) not null,
  valid_from datetimeoffset(3) not null,
  valid_to datetimeoffset(3) not null
);
create clustered index model_alias_history_key on model_alias_history (tenant_id, alias, valid_to);
