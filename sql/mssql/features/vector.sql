-- Embeddings of 256 dimensions as VECTOR, for search by SQL (SQL Server 2025, Azure SQL). A table with a vector index
-- has one integer key and takes no writes, so index_vectors fills it anew from atom_embedding and indexes it after.
create table atom_vector_256 (
  row_no int identity not null primary key clustered,
  tenant_id uniqueidentifier not null,
  embedding_model nvarchar(200) collate Latin1_General_100_BIN2 not null,
  atom_id uniqueidentifier not null,
  embedding vector(256) not null,
  unique (tenant_id, embedding_model, atom_id)
);
go
alter database scoped configuration set preview_features = on;
go
-- Decodes float32, little-endian: sign, 8 bits of exponent, 23 of mantissa. For the owner of the tables, over all tenants.
create procedure index_vectors
as
begin
  set nocount on;
  drop index if exists atom_vector_256_near on atom_vector_256;
  truncate table atom_vector_256;
  with places as (
    select a.n * 16 + b.n as i
    from (values (0),(1),(2),(3),(4),(5),(6),(7),(8),(9),(10),(11),(12),(13),(14),(15)) a (n)
    cross join (values (0),(1),(2),(3),(4),(5),(6),(7),(8),(9),(10),(11),(12),(13),(14),(15)) b (n))
  insert into atom_vector_256 (tenant_id, embedding_model, atom_id, embedding)
  select e.tenant_id, e.embedding_model, e.atom_id, cast(v.list as vector(256))
  from atom_embedding e
  cross apply (
    select N'[' + string_agg(convert(nvarchar(max), s.sign * case when s.exponent = 0
        then s.mantissa * power(cast(2 as float), -149)
        else (1 + s.mantissa / 8388608e0) * power(cast(2 as float), s.exponent - 127) end, 2), N',')
      within group (order by s.i) + N']' as list
    from (
      select w.i, case when w.word >= 2147483648 then -1e0 else 1e0 end as sign,
        cast((w.word / 8388608) % 256 as int) as exponent, cast(w.word % 8388608 as float) as mantissa
      from (
        select p.i, cast(substring(e.vector, 4 * p.i + 4, 1) as bigint) * 16777216
          + cast(substring(e.vector, 4 * p.i + 3, 1) as bigint) * 65536
          + cast(substring(e.vector, 4 * p.i + 2, 1) as bigint) * 256
          + cast(substring(e.vector, 4 * p.i + 1, 1) as bigint) as word
        from places p) w) s) v
  where e.dimensions = 256;
  create vector index atom_vector_256_near on atom_vector_256 (embedding) with (metric = 'cosine', type = 'diskann');
end
go
-- The tenant's atoms nearest to a vector given as a JSON array, exact: the index serves searches over all tenants.
create procedure nearest_vectors @of_model nvarchar(200), @to_vector nvarchar(max), @limit int
as
begin
  set nocount on;
  declare @tenant uniqueidentifier = cast(session_context(N'tenant') as uniqueidentifier);
  declare @query vector(256) = cast(@to_vector as vector(256));
  select top (@limit) t.atom_id, vector_distance('cosine', t.embedding, @query) as distance
  from atom_vector_256 t
  where t.tenant_id = @tenant and t.embedding_model = @of_model
  order by vector_distance('cosine', t.embedding, @query), t.atom_id;
end
