-- Taking in a programme that was moved here, in one transaction.

-- take_turn: whether nobody else takes in the same programme; let go of with the transaction
SELECT pg_try_advisory_xact_lock(hashtext('ledger import'), hashtext(%(programme_id)s))

-- has_rows: whether something of a programme stands in a table
SELECT EXISTS (SELECT FROM {table} WHERE programme_id = %(programme_id)s)

-- has_moved: whether a programme or a view of it has come further than its beginning
SELECT EXISTS (SELECT FROM {table} WHERE programme_id = %(programme_id)s AND position > 0)

-- copy_events: events as they are
COPY events (programme_id, position, originator_id, originator_version, topic, state)
FROM STDIN (FORMAT BINARY)

-- add_balances: what stands in accounts
INSERT INTO balances (programme_id, account, asset, lot, amount)
SELECT %(programme_id)s, b.account, b.asset, b.lot, b.amount
  FROM unnest(%(accounts)b::text[], %(assets)b::text[], %(lots)b::text[], %(amounts)b::bigint[])
       AS b (account, asset, lot, amount)

-- add_owners: who is open, frozen or closed, and what was given away in a month
INSERT INTO owners (programme_id, account, status, given_month, given_credits)
SELECT %(programme_id)s, o.account, o.status, o.given_month, o.given_credits
  FROM unnest(%(accounts)b::text[], %(statuses)b::text[], %(months)b::text[], %(given)b::bigint[])
       AS o (account, status, given_month, given_credits)

-- add_holds: open holds and their deadlines
INSERT INTO holds (programme_id, redemption_id, deadline_at)
SELECT %(programme_id)s, h.redemption_id, h.deadline_at
  FROM unnest(%(redemption_ids)b::text[], %(deadlines)b::timestamptz[]) AS h (redemption_id, deadline_at)

-- add_registers: what registers say, and from when there is something to do
INSERT INTO registers (programme_id, register, key, due_at, value)
SELECT %(programme_id)s, r.register, r.key, r.due_at, r.value
  FROM unnest(%(registers)b::text[], %(keys)b::text[], %(dues)b::timestamptz[], %(texts)b::text[])
       AS r (register, key, due_at, value)

-- add_configuration: positions of the events that change the rules
INSERT INTO configuration (programme_id, position)
SELECT %(programme_id)s, c.position FROM unnest(%(positions)b::bigint[]) AS c (position)

-- set_head: where the log stands, of a programme that had none
UPDATE heads
   SET position = %(position)s,
       configured_at_position = %(configured_at_position)s,
       recorded_at = %(recorded_at)s
 WHERE programme_id = %(programme_id)s AND position = 0
