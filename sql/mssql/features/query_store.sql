-- Plans and their times over restarts: what plan regressions are read from.
alter database current set query_store = on (operation_mode = read_write, query_capture_mode = auto);
