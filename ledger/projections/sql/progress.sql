-- standings: where the log stands, and how a participant stands in some campaigns
SELECT h.position, r.key, r.value
  FROM heads h
  LEFT JOIN registers r
    ON r.programme_id = h.programme_id AND r.register = %(register)s AND r.key = ANY (%(keys)s)
 WHERE h.programme_id = %(programme_id)s AND h.position > 0
 ORDER BY r.key
