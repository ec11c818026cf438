-- Funds as they are read: balances and registers, which are written with the events, and never behind.

-- head: where the log stands
SELECT position FROM heads WHERE programme_id = %(programme_id)s AND position > 0

-- view_position: how far a view has come
SELECT COALESCE(max(position), 0) FROM tracking WHERE programme_id = %(programme_id)s AND view_name = %(view_name)s

-- funds: the next funds in order of their ids; a ; comes right after every address of a fund
SELECT account, status
  FROM owners
 WHERE programme_id = %(programme_id)s AND account > 'fund:' || %(after)s AND account < 'fund;'
 ORDER BY account
 LIMIT %(limit)s

-- fund: one fund
SELECT account, status FROM owners WHERE programme_id = %(programme_id)s AND account = %(account)s

-- balances: money at some addresses
SELECT account, amount
  FROM balances
 WHERE programme_id = %(programme_id)s AND account = ANY (%(accounts)s) AND asset = 'CNY'

-- contributions: sponsors' parts in funds, from one fund to another in order of their ids
SELECT key, value
  FROM registers
 WHERE programme_id = %(programme_id)s AND register = %(register)s
   AND key > %(first)s || E'\n' AND key < %(last)s || E'\n\x7f'
 ORDER BY key

-- terms: what is asked of some funds
SELECT key, value
  FROM registers
 WHERE programme_id = %(programme_id)s AND register = %(register)s AND key = ANY (%(keys)s)

-- watched_funds: the funds of every programme of which anything is asked
SELECT r.programme_id, r.key, r.value
  FROM heads h
  JOIN registers r ON r.programme_id = h.programme_id AND r.register = %(register)s
 ORDER BY r.programme_id, r.key

-- money: all the money of a programme by place; the ranges are those of the only accounts that hold any
SELECT place, sum(amount)::bigint
  FROM (SELECT split_part(account, ':', 3) AS place, amount
          FROM balances
         WHERE programme_id = %(programme_id)s AND asset = 'CNY'
           AND (account >= 'fund:' AND account < 'fund;')
         UNION ALL
        SELECT split_part(account, ':', 3), amount
          FROM balances
         WHERE programme_id = %(programme_id)s AND asset = 'CNY'
           AND (account >= 'merchant:' AND account < 'merchant;')
         UNION ALL
        SELECT split_part(account, ':', 3), amount
          FROM balances
         WHERE programme_id = %(programme_id)s AND asset = 'CNY'
           AND (account >= 'sponsor:' AND account < 'sponsor;')
         UNION ALL
        SELECT account, amount
          FROM balances
         WHERE programme_id = %(programme_id)s AND account = 'fees' AND asset = 'CNY') AS places
 GROUP BY place
 ORDER BY place

-- below_zero: accounts of money that stand below zero and must not
SELECT account
  FROM balances
 WHERE programme_id = %(programme_id)s AND asset = 'CNY' AND amount < 0
   AND ((account >= 'fund:' AND account < 'fund;') OR account = 'fees'
        OR (account >= 'merchant:' AND account < 'merchant;' AND account NOT LIKE 'merchant:%%:payable'))
 ORDER BY account
 LIMIT %(limit)s

-- payables: what merchants have earned and are owed, and what they have to give back
SELECT COALESCE(sum(amount) FILTER (WHERE amount > 0), 0)::bigint,
       COALESCE(-sum(amount) FILTER (WHERE amount < 0), 0)::bigint
  FROM balances
 WHERE programme_id = %(programme_id)s AND asset = 'CNY'
   AND account >= 'merchant:' AND account < 'merchant;' AND account LIKE 'merchant:%%:payable'

-- holds: redemptions that hold money
SELECT count(*) FROM holds WHERE programme_id = %(programme_id)s

-- spent: credits set aside and what funds set aside for them, in the local days after one up to another
SELECT COALESCE(sum(units_in) FILTER (WHERE asset = 'CREDIT' AND place = 'held'), 0)::bigint,
       COALESCE(sum(units_in) FILTER (WHERE asset = 'CNY' AND place = 'encumbered'), 0)::bigint
  FROM totals_flows
 WHERE programme_id = %(programme_id)s AND local_day > %(before)s AND local_day <= %(on)s
   AND topic = 'redemption.held'
