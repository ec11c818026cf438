-- Writing statements, and reading them.

-- copy_entries: add the entries of a page
COPY entries (programme_id, account, asset, position, amount, balance, topic, occurred_at)
FROM STDIN (FORMAT BINARY)

-- last_balances: what accounts held after the pages before
SELECT k.account, k.asset, e.balance
  FROM unnest(%(accounts)s::text[], %(assets)s::text[]) AS k (account, asset)
 CROSS JOIN LATERAL (
    SELECT balance
      FROM entries
     WHERE programme_id = %(programme_id)s AND account = k.account AND asset = k.asset
     ORDER BY position DESC
     LIMIT 1
 ) AS e

-- add_sums: add what a page did to accounts by day and hour
INSERT INTO entry_sums AS s
       (programme_id, account, asset, span, begins_at, amount, first_position, position)
SELECT %(programme_id)s, d.account, d.asset, d.span, d.begins_at, d.amount, d.first_position, d.position
  FROM unnest(%(accounts)s::text[], %(assets)s::text[], %(spans)s::text[], %(begins)s::timestamptz[],
              %(amounts)s::bigint[], %(first_positions)s::bigint[], %(positions)s::bigint[])
       AS d (account, asset, span, begins_at, amount, first_position, position)
    ON CONFLICT (programme_id, account, asset, span, begins_at)
    DO UPDATE SET amount = s.amount + excluded.amount, position = excluded.position

-- erase: note that nothing is shown of a participant any more
INSERT INTO entry_erasures (programme_id, participant_id, position)
VALUES (%(programme_id)s, %(participant_id)s, %(position)s)
    ON CONFLICT (programme_id, participant_id) DO NOTHING

-- known: whether an account was opened or posted to, and whether its participant was erased
SELECT EXISTS (SELECT FROM owners WHERE programme_id = %(programme_id)s AND account = %(account)s)
       OR EXISTS (SELECT FROM entries WHERE programme_id = %(programme_id)s AND account = %(account)s),
       EXISTS (SELECT FROM entry_erasures
                WHERE programme_id = %(programme_id)s AND participant_id = %(participant_id)s)

-- erased: which of some participants were erased
SELECT participant_id
  FROM entry_erasures
 WHERE programme_id = %(programme_id)s AND participant_id = ANY (%(participant_ids)s)

-- position_at: the last event recorded at an instant or before; 0 before the first
WITH RECURSIVE search (low, high) AS (
    SELECT CASE WHEN recorded_at <= %(recorded_at)s THEN position ELSE 0 END, position + 1
      FROM heads
     WHERE programme_id = %(programme_id)s
     UNION ALL
    -- The log's time never runs backwards, so halving finds the place.
    SELECT CASE WHEN e.is_before THEN m.middle ELSE s.low END,
           CASE WHEN e.is_before THEN s.high ELSE m.middle END
      FROM search AS s
     CROSS JOIN LATERAL (SELECT (s.low + s.high) / 2 AS middle) AS m
     CROSS JOIN LATERAL (
        SELECT (convert_from(state, 'UTF8')::json ->> 'recorded_at')::timestamptz <= %(recorded_at)s AS is_before
          FROM events
         WHERE programme_id = %(programme_id)s AND position = m.middle
     ) AS e
     WHERE s.high - s.low > 1
)
SELECT low FROM search ORDER BY high - low LIMIT 1

-- balances_at: what an account held after a position, by asset
SELECT a.asset, e.balance
  FROM unnest(%(assets)s::text[]) AS a (asset)
 CROSS JOIN LATERAL (
    SELECT balance
      FROM entries
     WHERE programme_id = %(programme_id)s AND account = %(account)s AND asset = a.asset
       AND position <= %(position)s
     ORDER BY position DESC
     LIMIT 1
 ) AS e

-- sums_of_own: what a participant's entries come to that occurred at an instant or before
SELECT asset, sum(amount)::bigint
  FROM entries
 WHERE programme_id = %(programme_id)s AND account = %(account)s AND asset = ANY (%(assets)s)
   AND occurred_at <= %(occurred_at)s
 GROUP BY asset

-- sums_occurred: the same of any other account: whole days, whole hours of the last day, the rest
SELECT a.asset, sum(p.amount)::bigint
  FROM unnest(%(assets)s::text[]) AS a (asset)
 CROSS JOIN LATERAL (
    SELECT amount
      FROM entry_sums
     WHERE programme_id = %(programme_id)s AND account = %(account)s AND asset = a.asset
       AND span = 'day' AND begins_at < %(day)s
     UNION ALL
    SELECT amount
      FROM entry_sums
     WHERE programme_id = %(programme_id)s AND account = %(account)s AND asset = a.asset
       AND span = 'hour' AND begins_at >= %(day)s AND begins_at < %(hour)s
     UNION ALL
    SELECT amount
      FROM entries
     WHERE programme_id = %(programme_id)s AND account = %(account)s AND asset = a.asset
       AND account NOT LIKE 'participant:%%'
       AND occurred_at >= %(hour)s AND occurred_at <= %(occurred_at)s
 ) AS p
 GROUP BY a.asset

-- span_of_days: between which positions the entries of some days stand, of an account with daily sums
SELECT min(first_position), max(position)
  FROM entry_sums
 WHERE programme_id = %(programme_id)s AND account = %(account)s AND asset = ANY (%(assets)s)
   AND span = 'day'
   AND (%(from_day)s::timestamptz IS NULL OR begins_at >= %(from_day)s)
   AND (%(to)s::timestamptz IS NULL OR begins_at < %(to)s)

-- oldest_first: a page of a statement with its events, and how far it was looked for
WITH scanned AS MATERIALIZED (
    SELECT e.*
      FROM unnest(%(assets)s::text[], %(firsts)s::bigint[], %(lasts)s::bigint[]) AS a (asset, first, last)
     CROSS JOIN LATERAL (
        SELECT position, asset, topic, amount, balance, occurred_at
          FROM entries
         WHERE programme_id = %(programme_id)s AND account = %(account)s AND asset = a.asset
           AND position >= a.first AND position <= a.last
         ORDER BY position
         LIMIT %(scanned_max)s
     ) AS e
     ORDER BY e.position, e.asset
     LIMIT %(scanned_max)s
), found AS MATERIALIZED (
    SELECT *
      FROM scanned
     WHERE (%(topics)s::text[] IS NULL OR topic = ANY (%(topics)s))
       AND (%(occurred_from)s::timestamptz IS NULL OR occurred_at >= %(occurred_from)s)
       AND (%(occurred_to)s::timestamptz IS NULL OR occurred_at < %(occurred_to)s)
     ORDER BY position, asset
     LIMIT %(found_max)s
), furthest AS (
    SELECT position, asset FROM scanned ORDER BY position DESC, asset DESC LIMIT 1
)
SELECT (SELECT count(*) FROM scanned), l.position, l.asset,
       f.position, f.topic, f.asset, f.amount, f.balance, f.state
  FROM furthest AS l
  LEFT JOIN (
    SELECT found.*, events.state
      FROM found
      JOIN events ON events.programme_id = %(programme_id)s AND events.position = found.position
  ) AS f ON true
 ORDER BY f.position, f.asset

-- newest_first: the same, the other way round
WITH scanned AS MATERIALIZED (
    SELECT e.*
      FROM unnest(%(assets)s::text[], %(firsts)s::bigint[], %(lasts)s::bigint[]) AS a (asset, first, last)
     CROSS JOIN LATERAL (
        SELECT position, asset, topic, amount, balance, occurred_at
          FROM entries
         WHERE programme_id = %(programme_id)s AND account = %(account)s AND asset = a.asset
           AND position >= a.first AND position <= a.last
         ORDER BY position DESC
         LIMIT %(scanned_max)s
     ) AS e
     ORDER BY e.position DESC, e.asset DESC
     LIMIT %(scanned_max)s
), found AS MATERIALIZED (
    SELECT *
      FROM scanned
     WHERE (%(topics)s::text[] IS NULL OR topic = ANY (%(topics)s))
       AND (%(occurred_from)s::timestamptz IS NULL OR occurred_at >= %(occurred_from)s)
       AND (%(occurred_to)s::timestamptz IS NULL OR occurred_at < %(occurred_to)s)
     ORDER BY position DESC, asset DESC
     LIMIT %(found_max)s
), furthest AS (
    SELECT position, asset FROM scanned ORDER BY position, asset LIMIT 1
)
SELECT (SELECT count(*) FROM scanned), l.position, l.asset,
       f.position, f.topic, f.asset, f.amount, f.balance, f.state
  FROM furthest AS l
  LEFT JOIN (
    SELECT found.*, events.state
      FROM found
      JOIN events ON events.programme_id = %(programme_id)s AND events.position = found.position
  ) AS f ON true
 ORDER BY f.position DESC, f.asset DESC

-- count_credits: how many entries an account's credits have, as far as it matters
SELECT count(*)
  FROM (
    SELECT
      FROM entries
     WHERE programme_id = %(programme_id)s AND account = %(account)s AND asset = 'CREDIT'
       AND position <= %(position)s
     LIMIT %(entries_max)s
  ) AS e

-- credit_events: the events behind an account's credits, up to a position and an instant
SELECT v.state
  FROM (
    SELECT position
      FROM entries
     WHERE programme_id = %(programme_id)s AND account = %(account)s AND asset = 'CREDIT'
       AND position <= %(position)s
       AND (%(occurred_at)s::timestamptz IS NULL OR occurred_at <= %(occurred_at)s)
     LIMIT %(entries_max)s
  ) AS e
  JOIN events AS v ON v.programme_id = %(programme_id)s AND v.position = e.position
