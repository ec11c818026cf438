-- sinks: where the log stands, and the next carbon-sink projects in order of their ids
SELECT h.position, r.key, r.value
  FROM heads h
  LEFT JOIN LATERAL (
       SELECT key, value
         FROM registers
        WHERE programme_id = h.programme_id AND register = %(register)s AND key > %(after)s
        ORDER BY key
        LIMIT %(limit)s
       ) AS r ON true
 WHERE h.programme_id = %(programme_id)s AND h.position > 0
 ORDER BY r.key

-- sink: where the log stands, and one carbon-sink project
SELECT h.position, r.key, r.value
  FROM heads h
  LEFT JOIN registers r
    ON r.programme_id = h.programme_id AND r.register = %(register)s AND r.key = %(project_id)s
 WHERE h.programme_id = %(programme_id)s AND h.position > 0
