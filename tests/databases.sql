-- others: how many are connected beside us
SELECT count(*)
  FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'

-- tables: every table of ours
SELECT schemaname, tablename
  FROM pg_tables
 WHERE schemaname !~ '^pg_' AND schemaname <> 'information_schema'
 ORDER BY schemaname, tablename

-- looks: a digest of everything about a database but the rows of its tables
WITH namespaces AS (
    SELECT oid, nspname, nspacl
      FROM pg_namespace
     WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), lines AS (
    SELECT concat_ws(' ', 'schema', nspname, nspacl) AS line
      FROM namespaces
     UNION ALL
    SELECT concat_ws(' ', relkind, nspname, relname, relpersistence, reloptions, relacl,
                     CASE WHEN relkind = 'i' THEN pg_get_indexdef(c.oid) END)
      FROM pg_class c
      JOIN namespaces n ON n.oid = c.relnamespace
     UNION ALL
    SELECT concat_ws(' ', 'column', attrelid::regclass, attnum, attname, atttypid::regtype, attnotnull,
                     attisdropped, attcollation, attoptions, attacl, pg_get_expr(adbin, adrelid))
      FROM pg_attribute a
      JOIN pg_class c ON c.oid = a.attrelid
      JOIN namespaces n ON n.oid = c.relnamespace
      LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE attnum > 0
     UNION ALL
    SELECT concat_ws(' ', 'constraint', nspname, conrelid::regclass, conname, pg_get_constraintdef(c.oid))
      FROM pg_constraint c
      JOIN namespaces n ON n.oid = c.connamespace
     UNION ALL
    SELECT concat_ws(' ', 'function', nspname, CASE prokind WHEN 'a' THEN proname ELSE pg_get_functiondef(p.oid) END)
      FROM pg_proc p
      JOIN namespaces n ON n.oid = p.pronamespace
     UNION ALL
    SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(oid)) FROM pg_trigger
     UNION ALL
    SELECT concat_ws(' ', 'rule', ev_class::regclass, rulename, ev_type, is_instead)
      FROM pg_rewrite
     WHERE oid >= 16384
     UNION ALL
    SELECT concat_ws(' ', 'extension', extname, extversion) FROM pg_extension
     UNION ALL
    SELECT concat_ws(' ', 'settings', setrole, setconfig)
      FROM pg_db_role_setting
      JOIN pg_database d ON d.oid = setdatabase
     WHERE datname = current_database()
     UNION ALL
    SELECT concat_ws(' ', 'migration', m::text) FROM schema_migrations m
)
SELECT md5(string_agg(line, E'\n' ORDER BY line COLLATE "C")) FROM lines
