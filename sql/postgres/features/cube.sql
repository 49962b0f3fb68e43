-- Points of the map as cubes: exact nearest neighbours by `<->`. The index itself is earned, like every other.
create extension if not exists cube;
