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

-- lots_ending: lots of credits with their last day in a period, and how far the book was looked at for them
WITH looked_at AS (
    SELECT account, asset, lot, amount
      FROM balances
     WHERE programme_id = %(programme_id)s
       AND (account, asset, lot) > (%(after_account)s, %(after_asset)s, %(after_lot)s)
       AND account >= 'merchant:' AND account < 'participant;'
     ORDER BY account, asset, lot
     LIMIT %(scanned)s
), furthest AS (
    SELECT account, asset, lot
      FROM looked_at
     ORDER BY account DESC, asset DESC, lot DESC
     LIMIT 1
), ending AS (
    SELECT account, lot, amount
      FROM looked_at
     WHERE asset = 'CREDIT' AND lot BETWEEN %(first)s AND %(last)s AND amount > 0
       AND account ~ '^(merchant|org|participant):[^:]+$'
     ORDER BY account, lot
     LIMIT %(limit)s
)
SELECT h.position, e.account, e.lot, e.amount,
       (SELECT count(*) FROM looked_at) AS scanned, f.account, f.asset, f.lot
  FROM heads h
  LEFT JOIN furthest f ON true
  LEFT JOIN ending e ON true
 WHERE h.programme_id = %(programme_id)s AND h.position > 0
 ORDER BY e.account, e.lot
