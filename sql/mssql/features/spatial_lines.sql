-- Weights as lines in native geometry (x element index, y weight, z importance, m time), with an index over the box that
-- the lines at hand fill: a fixed box would cut indices off. Without lines there is no box; the next migration makes it.
if col_length(N'weight_line', N'shape') is null
  exec (N'alter table weight_line add shape as geometry::STGeomFromWKB(weights_line, 0) persisted');
go
if exists (select 1 from weight_line)
  and not exists (select 1 from sys.spatial_indexes where name = N'weight_line_shape')
begin
  declare @box nvarchar(400) = (
    select concat(min(index_min) - 1, N', ', convert(nvarchar(40), min(weight_min) - 1, 2), N', ', max(index_max) + 1,
      N', ', convert(nvarchar(40), max(weight_max) + 1, 2)) from weight_line);
  exec (N'create spatial index weight_line_shape on weight_line (shape) using geometry_grid
    with (bounding_box = (' + @box + N'), grids = (high, high, medium, low), cells_per_object = 16)');
end
