-- History and logs are read by the column.
create nonclustered columnstore index tensor_atom_coefficient_history_columns on tensor_atom_coefficient_history
  (tenant_id, model_id, atom_id, tensor_no, segment_no, x, y, z, coefficient, valid_from, valid_to);
go
create nonclustered columnstore index inference_step_columns on inference_step
  (tenant_id, request_id, step_rank, atom_id, score);
