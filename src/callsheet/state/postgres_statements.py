"""The statements of the PostgreSQL store. `{schema}` and `{name}` are filled in by psycopg, never by hand."""

from __future__ import annotations

from typing import LiteralString

TABLES: tuple[LiteralString, ...] = (
    # Two first runs at once: `if not exists` alone is no help against that. Held for the transaction only.
    "select pg_advisory_xact_lock(hashtext('callsheet'), hashtext({name}))",
    "create schema if not exists {schema}",
    """create table if not exists {schema}.documents (
         name text primary key, version text not null, sha256 text not null, data bytea not null)""",
    """create table if not exists {schema}.blobs (
         space text not null, sha256 text not null, data bytea not null, primary key (space, sha256))""",
    """create table if not exists {schema}.logs (
         id bigint generated always as identity primary key,
         name text not null unique, length bigint not null)""",
    """create table if not exists {schema}.log_blocks (
         log bigint not null references {schema}.logs on delete cascade, position bigint not null,
         mark text not null, data bytea not null, primary key (log, position))""",
)

READ: LiteralString = "select data, version, sha256 from {schema}.documents where name = %s"
MAKE: LiteralString = """
    insert into {schema}.documents (name, version, sha256, data) values (%s, %s, %s, %b)
    on conflict do nothing"""
REPLACE: LiteralString = """
    update {schema}.documents set version = %s, sha256 = %s, data = %b where name = %s and version = %s"""
REMOVE: LiteralString = "delete from {schema}.documents where name = %s and version = %s"

KEEP: LiteralString = """
    insert into {schema}.blobs (space, sha256, data)
    select %s, each.name, each.data from unnest(%s::text[], %b::bytea[]) as each (name, data)
    on conflict do nothing"""
KEPT: LiteralString = "select sha256 from {schema}.blobs where space = %s and sha256 = any(%s)"
GET: LiteralString = "select data from {schema}.blobs where space = %s and sha256 = %s"
FORGET: LiteralString = "delete from {schema}.blobs where space = %s and sha256 = any(%s)"

# The update locks the log's row to the statement's end; a second appender waits, and finds another length.
APPEND: LiteralString = """
    with grown as (
      update {schema}.logs set length = length + %s where name = %s and length = %s returning id)
    insert into {schema}.log_blocks (log, position, mark, data) select id, %s, %s, %b from grown"""
BEGIN: LiteralString = """
    with begun as (
      insert into {schema}.logs (name, length) values (%s, %s) on conflict do nothing returning id)
    insert into {schema}.log_blocks (log, position, mark, data) select id, 0, %s, %b from begun"""
ARRIVED: LiteralString = """
    select 1 from {schema}.log_blocks b join {schema}.logs l on l.id = b.log
    where l.name = %s and b.mark = %s"""
READ_LOG: LiteralString = """
    select l.length, b.position, b.data
    from {schema}.logs l left join {schema}.log_blocks b on b.log = l.id
    where l.name = %s order by b.position"""
REMOVE_LOG: LiteralString = "delete from {schema}.logs where name = %s"

CONTENTS: LiteralString = """
    select 'document', name, null from {schema}.documents
    union all select 'log', name, null from {schema}.logs
    union all select 'blob', space, sha256 from {schema}.blobs"""

# Who can log in and write to a table of the schema: by right, by the right of a role it is in or may take
# on, or as the owner of the table or the schema. The catalogue says so to everybody.
WRITERS: LiteralString = """
    select r.rolname, r.rolsuper from pg_roles r
    where r.rolcanlogin and (r.rolsuper or exists (
      select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = %s and c.relkind in ('r', 'p') and (
        pg_has_role(r.oid, c.relowner, 'member') or pg_has_role(r.oid, n.nspowner, 'member')
        or has_table_privilege(r.oid, c.oid, 'insert, update, delete, truncate')
        or has_any_column_privilege(r.oid, c.oid, 'insert, update')
        or exists (
          select 1 from aclexplode(c.relacl) a
          where a.grantee <> 0 and a.privilege_type in ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')
            and pg_has_role(r.oid, a.grantee, 'member')))))
    order by r.rolname"""
PUBLIC: LiteralString = """
    select granted.relname, string_agg(distinct granted.privilege_type, ', ') from (
      select c.relname, a.privilege_type
      from pg_class c join pg_namespace n on n.oid = c.relnamespace, aclexplode(c.relacl) a
      where n.nspname = %s and a.grantee = 0
      union all
      select c.relname, a.privilege_type
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
        join pg_attribute t on t.attrelid = c.oid, aclexplode(t.attacl) a
      where n.nspname = %s and a.grantee = 0) as granted
    where granted.privilege_type in ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')
    group by granted.relname order by granted.relname"""
