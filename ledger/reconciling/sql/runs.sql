-- Runs: their turn, what they stand on, what is kept of them.

-- begin: give a programme its row
INSERT INTO reconciliation.heads (programme_id, payouts_position)
VALUES (%(programme_id)s, 0)
    ON CONFLICT DO NOTHING

-- turn: keep other runs of the programme away until this transaction ends; no row when one is under way
SELECT payouts_position FROM reconciliation.heads
 WHERE programme_id = %(programme_id)s
   FOR UPDATE SKIP LOCKED

-- patience: let statements of this transaction run for so long, with so much memory to sort and to join in
SELECT set_config('statement_timeout', %(statement_ms_max)s::text, true), set_config('work_mem', '64MB', true)

-- payouts_read: note how far the log was read for payouts
UPDATE reconciliation.heads SET payouts_position = %(position)s WHERE programme_id = %(programme_id)s

-- payout_instructed: a payout begins
INSERT INTO reconciliation.payouts (
    programme_id, payout_id, statement_id, merchant_id, value_fen, statement_on, instructed_on, position
) VALUES (
    %(programme_id)s, %(payout_id)s, %(statement_id)s, %(merchant_id)s, %(value_fen)s, %(statement_on)s,
    %(on)s, %(position)s
)
    ON CONFLICT DO NOTHING

-- payout_confirmed: the ledger was told that the money has left
UPDATE reconciliation.payouts SET confirmed_on = %(on)s, confirmed_position = %(position)s
 WHERE programme_id = %(programme_id)s AND payout_id = %(payout_id)s

-- payout_failed: the ledger was told that the bank has not paid
UPDATE reconciliation.payouts SET failed_position = %(position)s
 WHERE programme_id = %(programme_id)s AND payout_id = %(payout_id)s

-- payout_returned: the ledger was told that the money has come back
UPDATE reconciliation.payouts SET returned_on = %(on)s, returned_position = %(position)s
 WHERE programme_id = %(programme_id)s AND payout_id = %(payout_id)s

-- files: files that count and have rows within reach, in the order in which a row that two tell is taken
SELECT file_id, file_no, kind, merchant_id, first_on, last_on, until_on
  FROM reconciliation.files
 WHERE programme_id = %(programme_id)s AND rows > 0
   AND CASE WHEN %(only)s::text[] IS NULL THEN withdrawn_at IS NULL ELSE file_id = ANY (%(only)s::text[]) END
   AND first_on < %(reach_to)s AND last_on >= %(reach_from)s
   AND (%(merchant_id)s::text IS NULL OR merchant_id IS NULL OR merchant_id = %(merchant_id)s)
 ORDER BY first_on, last_on, file_id

-- add: a run
INSERT INTO reconciliation.runs (
    programme_id, run_id, number, starts_on, ends_on, merchant_id, position, file_ids, rules_version, settings,
    summary, digest, made_at, made_by, has_matches
)
SELECT %(programme_id)s, %(run_id)s, COALESCE(max(r.number), 0) + 1, %(starts_on)s, %(ends_on)s, %(merchant_id)s,
       %(position)s, %(file_ids)s, %(rules_version)s, %(settings)s, %(summary)s, %(digest)s, %(at)s, %(by)s, true
  FROM reconciliation.runs r
 WHERE r.programme_id = %(programme_id)s

-- renew: a run that was made before is the latest again
UPDATE reconciliation.runs r
   SET has_matches = true,
       number = (SELECT max(o.number) + 1 FROM reconciliation.runs o WHERE o.programme_id = r.programme_id)
 WHERE r.programme_id = %(programme_id)s AND r.run_id = %(run_id)s

-- forget_found: what a run found before, to be found again
WITH gone AS (
    DELETE FROM reconciliation.findings WHERE programme_id = %(programme_id)s AND run_id = %(run_id)s
)
DELETE FROM reconciliation.matches WHERE programme_id = %(programme_id)s AND run_id = %(run_id)s

-- forget_matches: matches of earlier runs over the same; they can be found again by the same run
WITH earlier AS (
    UPDATE reconciliation.runs
       SET has_matches = false
     WHERE programme_id = %(programme_id)s AND run_id <> %(run_id)s AND has_matches
       AND starts_on = %(starts_on)s AND ends_on = %(ends_on)s AND merchant_id IS NOT DISTINCT FROM %(merchant_id)s
    RETURNING run_id
)
DELETE FROM reconciliation.matches m
 USING earlier e
 WHERE m.programme_id = %(programme_id)s AND m.run_id = e.run_id

-- read: one run
SELECT run_id, number, starts_on, ends_on, merchant_id, position, file_ids, rules_version, settings, summary,
       digest, made_at, made_by, has_matches
  FROM reconciliation.runs
 WHERE programme_id = %(programme_id)s AND run_id = %(run_id)s

-- latest: the run that was made last
SELECT run_id FROM reconciliation.runs WHERE programme_id = %(programme_id)s ORDER BY number DESC LIMIT 1

-- list: runs, the latest first
SELECT run_id, number, starts_on, ends_on, merchant_id, position, file_ids, rules_version, settings, summary,
       digest, made_at, made_by, has_matches
  FROM reconciliation.runs
 WHERE programme_id = %(programme_id)s AND number < %(before)s
 ORDER BY number DESC
 LIMIT %(limit)s

-- matches: matches of a run, in order
SELECT m.match_no, m.relation, m.rule, m.code, m.merchant_id, m.kind, m.item, m.item_fen, m.item_on, f.file_id,
       m.row_no, m.row_fen, m.row_on
  FROM reconciliation.matches m
  JOIN reconciliation.files f ON f.programme_id = m.programme_id AND f.file_no = m.file_no
 WHERE m.programme_id = %(programme_id)s AND m.run_id = %(run_id)s AND m.match_no > %(after)s
 ORDER BY m.match_no
 LIMIT %(limit)s

-- unreadable: lines of files that could not be read
SELECT COALESCE(sum((totals::jsonb ->> 'unreadable')::bigint), 0)::bigint
  FROM reconciliation.files
 WHERE programme_id = %(programme_id)s AND file_id = ANY (%(file_ids)s)
