-- advance: move a view forward, never back and never over the same place twice
INSERT INTO tracking AS t (programme_id, view_name, position, rebuilds)
VALUES (%(programme_id)s, %(view_name)s, %(position)s, 0)
    ON CONFLICT (programme_id, view_name)
    DO UPDATE SET position = excluded.position WHERE t.position < excluded.position
RETURNING position

-- position: how far a view has come
SELECT position FROM tracking WHERE programme_id = %(programme_id)s AND view_name = %(view_name)s
