-- Reading what explanations of an account's entries stand on.

-- streams_of: all events, up to a position, of the streams in which some events stand
SELECT s.position, s.originator_id, s.originator_version, s.topic, s.state
  FROM (
    SELECT DISTINCT originator_id
      FROM events
     WHERE programme_id = %(programme_id)s AND position = ANY (%(positions)s::bigint[])
  ) AS p
 CROSS JOIN LATERAL (
    SELECT position, originator_id, originator_version, topic, state
      FROM events
     WHERE programme_id = %(programme_id)s AND originator_id = p.originator_id AND position <= %(until)s
 ) AS s
 ORDER BY s.position

-- credit_positions: where an account's credits were moved, up to a position
SELECT position
  FROM entries
 WHERE programme_id = %(programme_id)s AND account = %(account)s AND asset = 'CREDIT'
   AND position <= %(position)s
 ORDER BY position
 LIMIT %(entries_max)s

-- act_positions: where a participant's acts were entered in their accounts, up to a position
SELECT DISTINCT position
  FROM entries
 WHERE programme_id = %(programme_id)s AND account = ANY (%(accounts)s)
   AND position <= %(until)s
   AND (topic = ANY (%(correcting)s)
        -- An act is entered first with the time of the act; corrections have a time of their own.
        OR (topic = ANY (%(topics)s)
            AND (%(occurred_from)s::timestamptz IS NULL
                 OR occurred_at >= %(occurred_from)s AND occurred_at < %(occurred_to)s)))
 ORDER BY position
 LIMIT %(entries_max)s
