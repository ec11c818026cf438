-- entries: where the log stands, and the next entries of a register whose keys begin in one way
SELECT h.position, r.key, r.value
  FROM heads h
  LEFT JOIN LATERAL (
       SELECT key, value
         FROM registers
        WHERE programme_id = h.programme_id AND register = %(register)s
          AND key > %(after)s AND key >= %(prefix)s AND key < %(end)s
        ORDER BY key
        LIMIT %(limit)s
       ) AS r ON true
 WHERE h.programme_id = %(programme_id)s AND h.position > 0
 ORDER BY r.key

-- versions: the events that stand at a place of their streams each
SELECT e.position, e.originator_id, e.originator_version, e.topic, e.state
  FROM unnest(%(stream_ids)b::uuid[], %(versions)b::integer[]) AS wanted (stream_id, version)
  JOIN events AS e
    ON e.programme_id = %(programme_id)s AND e.originator_id = wanted.stream_id
   AND e.originator_version = wanted.version
