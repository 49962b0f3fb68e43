-- Places as planar points, with an index over the box of the map, to which every place is clamped. Z is no part of it:
-- exact 3-D neighbours widen the planar search, whose distance is a lower bound.
alter table tensor_atom add position as geometry::Point(x, y, 0) persisted;
go
create spatial index tensor_atom_position on tensor_atom (position) using geometry_grid
  with (bounding_box = (0, 0, 100, 100), grids = (high, high, medium, low), cells_per_object = 16);
