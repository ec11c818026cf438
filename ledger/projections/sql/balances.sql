-- account: one account with its status and the position it stands at
SELECT h.position, o.status, b.asset, b.lot, b.amount
  FROM heads h
  LEFT JOIN owners o ON o.programme_id = h.programme_id AND o.account = %(account)s
  LEFT JOIN balances b ON b.programme_id = h.programme_id AND b.account = %(account)s
 WHERE h.programme_id = %(programme_id)s AND h.position > 0
 ORDER BY b.asset, b.lot

-- one_snapshot: let this transaction see one moment only
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY

-- position: where the log stands
SELECT position FROM heads WHERE programme_id = %(programme_id)s

-- programme: every balance that is not nothing
SELECT account, asset, lot, amount FROM balances WHERE programme_id = %(programme_id)s AND amount <> 0
