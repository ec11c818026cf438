-- Reading views whole, in an order that is the same everywhere.

-- rows: a programme's rows of a table, by their key
SELECT {columns} FROM {table} WHERE programme_id = %(programme_id)s ORDER BY {key}
