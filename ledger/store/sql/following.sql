-- Following programmes' logs, page by page.

-- entered: whether a view of a programme has a position
SELECT position FROM tracking WHERE programme_id = %(programme_id)s AND view_name = %(view_name)s

-- enter: give a view of a programme a position to be leased by
INSERT INTO tracking (programme_id, view_name, position, rebuilds)
VALUES (%(programme_id)s, %(view_name)s, 0, 0)
    ON CONFLICT (programme_id, view_name) DO NOTHING

-- lease: how far a view has come, and how often it was rebuilt, unless somebody else is at it
SELECT position, rebuilds
  FROM tracking
 WHERE programme_id = %(programme_id)s AND view_name = %(view_name)s
   FOR UPDATE SKIP LOCKED

-- lagging: views that are behind their programme's log, those that stopped left out unless due again
SELECT h.programme_id, v.view_name, COALESCE(t.position, 0), h.position
  FROM heads h
 CROSS JOIN unnest(%(views)s::text[]) AS v (view_name)
  LEFT JOIN tracking t ON t.programme_id = h.programme_id AND t.view_name = v.view_name
  LEFT JOIN stopped_views s ON s.programme_id = h.programme_id AND s.view_name = v.view_name
 WHERE h.position > COALESCE(t.position, 0)
   AND (s.tried_at IS NULL OR s.tried_at < %(retried_before)s)
 ORDER BY h.programme_id, v.view_name

-- standing: where every view of some programmes stands, and why it stopped if it did
SELECT h.programme_id, v.view_name, COALESCE(t.position, 0), h.position, s.position, s.topic, s.error, s.stopped_at
  FROM heads h
 CROSS JOIN unnest(%(views)s::text[]) AS v (view_name)
  LEFT JOIN tracking t ON t.programme_id = h.programme_id AND t.view_name = v.view_name
  LEFT JOIN stopped_views s ON s.programme_id = h.programme_id AND s.view_name = v.view_name
 WHERE h.position > 0 AND (%(programme_id)s::text IS NULL OR h.programme_id = %(programme_id)s)
 ORDER BY h.programme_id, v.view_name

-- stop: note that a view cannot take an event
INSERT INTO stopped_views AS s (programme_id, view_name, position, topic, error, stopped_at, tried_at)
VALUES (%(programme_id)s, %(view_name)s, %(position)s, %(topic)s, %(error)s, %(now)s, %(now)s)
    ON CONFLICT (programme_id, view_name)
    DO UPDATE SET position = excluded.position, topic = excluded.topic, error = excluded.error,
                  tried_at = excluded.tried_at,
                  stopped_at = CASE WHEN s.position = excluded.position THEN s.stopped_at
                                    ELSE excluded.stopped_at END

-- resume: note that a view goes on
DELETE FROM stopped_views WHERE programme_id = %(programme_id)s AND view_name = %(view_name)s

-- position_of: how far a view has come, and where the log stands; no row when nobody opened the programme
SELECT COALESCE(t.position, 0), h.position, s.position
  FROM heads h
  LEFT JOIN tracking t ON t.programme_id = h.programme_id AND t.view_name = %(view_name)s
  LEFT JOIN stopped_views s ON s.programme_id = h.programme_id AND s.view_name = %(view_name)s
 WHERE h.programme_id = %(programme_id)s AND h.position > 0

-- wake: tell followers that somebody waits
SELECT pg_notify('ledger_wanted', '')

-- listen: be told when somebody waits
LISTEN ledger_wanted

-- one_snapshot: let every query of this transaction see the same
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY

-- set_schema: where the tables of views are, for this transaction
SELECT set_config('search_path', %(schema)s || ', public', true)
