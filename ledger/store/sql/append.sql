-- Writing a group of events, and reading what its decisions need.

-- append_events: events and everything that follows from them; false when the head has moved
SELECT append_events(
    $1::text, $2::bigint, $3::bigint, $4::timestamptz,
    $5::uuid[], $6::integer[], $7::text[], $8::bytea[],
    $9::text[], $10::text[], $11::text[], $12::bigint[],
    $13::text[], $14::text[], $15::text[], $16::bigint[],
    $17::text[], $18::timestamptz[], $19::text[], $20::bigint[],
    $21::text[], $22::text[], $23::timestamptz[], $24::text[]
)

-- balances_of: every balance of the accounts named
SELECT account, asset, lot, amount
  FROM balances
 WHERE programme_id = %(programme_id)s AND account = ANY (%(accounts)s)

-- owners_of: status and monthly giving of the owners named
SELECT account, status, given_month, given_credits
  FROM owners
 WHERE programme_id = %(programme_id)s AND account = ANY (%(accounts)s)

-- accounts_due: the next accounts with credits whose last day has passed
SELECT DISTINCT account
  FROM balances
 WHERE programme_id = %(programme_id)s AND account > %(after)s
   AND asset = 'CREDIT' AND lot <= %(up_to)s AND amount > 0
   AND account NOT IN ('redeemed', 'expired', 'lapsed', 'issuance', 'adjusted')
   AND account NOT LIKE '%%:held'
   AND account NOT LIKE '%%:pending'
   AND account NOT LIKE 'retired:%%'
 ORDER BY account
 LIMIT %(limit)s

-- holds_overdue: the next open holds whose deadline has passed
SELECT redemption_id
  FROM holds
 WHERE programme_id = %(programme_id)s AND redemption_id > %(after)s AND deadline_at < %(now)s
 ORDER BY redemption_id
 LIMIT %(limit)s

-- registers_of: entries of registers by their keys
SELECT r.register, r.key, r.value
  FROM unnest(%(registers)s::text[], %(keys)s::text[]) AS k (register, key)
  JOIN registers AS r
    ON r.programme_id = %(programme_id)s AND r.register = k.register AND r.key = k.key

-- registers_stored: entries of all registers, and from when each is due, in microseconds since 2000
SELECT register, key,
       CASE WHEN due_at = 'infinity' THEN 9223372036854775807
            ELSE (extract(epoch FROM due_at - '2000-01-01T00:00:00Z') * 1000000)::bigint END,
       value
  FROM registers
 WHERE programme_id = %(programme_id)s

-- take_registers_out: entries that are wrong, or about to be put anew
DELETE FROM registers AS r
 USING unnest(%(registers)b::text[], %(keys)b::text[]) AS k (register, key)
 WHERE r.programme_id = %(programme_id)s AND r.register = k.register AND r.key = k.key

-- put_registers: entries as they must be; those without a value are none
INSERT INTO registers (programme_id, register, key, due_at, value)
SELECT %(programme_id)s, r.register, r.key, r.due_at, r.value
  FROM unnest(%(registers)b::text[], %(keys)b::text[], %(dues)b::timestamptz[], %(texts)b::text[])
       AS r (register, key, due_at, value)
 WHERE r.value <> ''

-- entries_due: the next entries of a register whose time has come
SELECT key, value
  FROM registers
 WHERE programme_id = %(programme_id)s AND register = %(register)s AND key > %(after)s AND due_at <= %(now)s
 ORDER BY key
 LIMIT %(limit)s

-- entries_from: the next entries of a register whose keys begin in one way
SELECT key, value
  FROM registers
 WHERE programme_id = %(programme_id)s AND register = %(register)s
   AND key > %(after)s AND key >= %(prefix)s AND key < %(end)s
 ORDER BY key
 LIMIT %(limit)s

-- programmes_with_due: the programmes that have entries of a register whose time has come
SELECT h.programme_id
  FROM heads AS h
 WHERE EXISTS (
    SELECT FROM registers AS r
     WHERE r.programme_id = h.programme_id AND r.register = %(register)s AND r.due_at <= %(now)s
 )
 ORDER BY h.programme_id
