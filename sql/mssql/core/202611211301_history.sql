-- Old rows of tensor_atom_coefficient, written by the statement that replaces them: true in [valid_from, valid_to).
-- Target of an OUTPUT clause: such a table may have no check and no foreign key.
create table tensor_atom_coefficient_history (
  tenant_id uniqueidentifier not null,
  model_id uniqueidentifier not null,
  atom_id uniqueidentifier not null,
  tensor_no int not null,
  segment_no bigint not null,
  x float not null,
  y float not null,
  z float not null,
  hilbert bigint not null,
  coefficient float not null,
  valid_from datetimeoffset(3) not null,
  valid_to datetimeoffset(3) not null,
  primary key (tenant_id, model_id, atom_id, tensor_no, segment_no, valid_to)
);
