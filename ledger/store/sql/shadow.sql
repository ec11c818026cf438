-- Tables beside the live ones, of the same shape, for building views anew and comparing them.
-- Names in braces are put in as identifiers; they come from the code, never from a caller.

-- make_schema: a place for shadow tables
CREATE SCHEMA IF NOT EXISTS {schema}

-- make_table: an empty table with the columns, keys and bounds of a live one
CREATE TABLE IF NOT EXISTS {shadow} (LIKE {live} INCLUDING ALL)

-- drop_table: let go of a shadow table
DROP TABLE IF EXISTS {shadow}

-- drop_schema: let go of a place that nothing is in any more
DROP SCHEMA IF EXISTS {schema}

-- tables_in: the names of the tables in a schema
SELECT tablename FROM pg_tables WHERE schemaname = %(schema)s ORDER BY tablename

-- columns: of a table, in order: name, type, whether it may be null
SELECT attname, format_type(atttypid, atttypmod), attnotnull
  FROM pg_attribute
 WHERE attrelid = to_regclass(%(table)s) AND attnum > 0 AND NOT attisdropped
 ORDER BY attnum

-- forget: let go of how far shadows have come
DELETE FROM tracking WHERE view_name = ANY (%(views)s)

-- forget_stops: and of where they stopped
DELETE FROM stopped_views WHERE view_name = ANY (%(views)s)

-- lock_position: how far a view has come, which nobody else moves until this transaction ends
SELECT position
  FROM tracking
 WHERE programme_id = %(programme_id)s AND view_name = %(view_name)s
   FOR UPDATE

-- set_position: put a view where its rows stand, and make followers forget what they remember of them
UPDATE tracking
   SET position = %(position)s, rebuilds = rebuilds + 1
 WHERE programme_id = %(programme_id)s AND view_name = %(view_name)s

-- stands: how far some views of a programme have come, and the event before which they stopped
SELECT v.view_name, COALESCE(t.position, 0), s.position, s.topic, s.error
  FROM unnest(%(views)s::text[]) AS v (view_name)
  LEFT JOIN tracking t ON t.programme_id = %(programme_id)s AND t.view_name = v.view_name
  LEFT JOIN stopped_views s ON s.programme_id = %(programme_id)s AND s.view_name = v.view_name
 ORDER BY v.view_name

-- log_end: position of the last event that is there, whatever the head says
SELECT COALESCE(max(position), 0) FROM events WHERE programme_id = %(programme_id)s

-- programmes_in: whose rows stand in a table, found without reading all of it
WITH RECURSIVE found AS (
    SELECT min(programme_id) AS programme_id FROM {table}
     UNION ALL
    SELECT (SELECT min(t.programme_id) FROM {table} t WHERE t.programme_id > found.programme_id)
      FROM found
     WHERE found.programme_id IS NOT NULL
)
SELECT programme_id FROM found WHERE programme_id IS NOT NULL

-- differences: rows that are not the same to the byte in both tables, the first ones by their key
SELECT CASE WHEN l.programme_id IS NOT NULL THEN to_jsonb(l)::text END,
       CASE WHEN s.programme_id IS NOT NULL THEN to_jsonb(s)::text END
  FROM (SELECT * FROM {live} WHERE programme_id = %(programme_id)s) l
  FULL JOIN (SELECT * FROM {shadow} WHERE programme_id = %(programme_id)s) s USING ({key})
 WHERE l.programme_id IS NULL OR s.programme_id IS NULL OR l *<> s
 ORDER BY {key}
 LIMIT %(limit)s

-- differences_count: how many rows are not the same
SELECT count(*)
  FROM (SELECT * FROM {live} WHERE programme_id = %(programme_id)s) l
  FULL JOIN (SELECT * FROM {shadow} WHERE programme_id = %(programme_id)s) s USING ({key})
 WHERE l.programme_id IS NULL OR s.programme_id IS NULL OR l *<> s

-- remove_differing: take away live rows that the shadow has not, or has otherwise
DELETE FROM {live} l
 WHERE l.programme_id = %(programme_id)s
   AND NOT EXISTS (SELECT FROM {shadow} s WHERE {same_key} AND s *= l)

-- add_missing: put in the shadow's rows that the live table lacks
INSERT INTO {live}
SELECT s.*
  FROM {shadow} s
 WHERE s.programme_id = %(programme_id)s
   AND NOT EXISTS (SELECT FROM {live} l WHERE {same_key})

-- take_turn: whether nobody else rebuilds; a courtesy, what a rebuild writes is guarded by row locks
SELECT pg_try_advisory_lock(hashtext(%(schema)s))

-- give_turn: let others rebuild
SELECT pg_advisory_unlock(hashtext(%(schema)s))
