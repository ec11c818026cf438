-- Breaks and their life.

-- find_again: breaks known before that a run found again; facts that changed, and what was said to be gone, come back
WITH again AS (
    SELECT f.*,
           concat_ws(' ', COALESCE(f.item_fen::text, '-'), COALESCE(f.item_fee_fen::text, '-'),
                     COALESCE(f.item_on::text, '-'), COALESCE(f.row_fen::text, '-'),
                     COALESCE(f.row_fee_fen::text, '-'), COALESCE(f.row_on::text, '-'), f.difference_fen) AS facts_now,
           b.changes
      FROM reconciliation.findings f
      JOIN reconciliation.breaks b ON b.programme_id = f.programme_id AND b.break_id = f.break_id
     WHERE f.programme_id = %(programme_id)s AND f.run_id = %(run_id)s
), told AS (
    SELECT a.*,
           CASE WHEN b.status = 'cleared' THEN 'reopened'
                WHEN b.status = 'resolved' AND (b.resolution = 'resent' OR b.facts <> a.facts_now) THEN 'reopened'
                WHEN b.status = 'proposed' AND b.facts <> a.facts_now THEN 'reopened'
                WHEN b.facts <> a.facts_now THEN 'changed'
           END AS what
      FROM again a
      JOIN reconciliation.breaks b ON b.programme_id = a.programme_id AND b.break_id = a.break_id
), history AS (
    INSERT INTO reconciliation.break_history (programme_id, break_id, number, at, by, what, note, run_id, told)
    SELECT t.programme_id, t.break_id, t.changes + 1, %(at)s, %(by)s, t.what, '', %(run_id)s,
           jsonb_build_object('facts', t.facts_now)::text
      FROM told t
     WHERE t.what IS NOT NULL
)
UPDATE reconciliation.breaks b
   SET item = t.item, item_fen = t.item_fen, item_fee_fen = t.item_fee_fen, item_on = t.item_on,
       position = t.position, file_no = t.file_no, row_no = t.row_no, row_fen = t.row_fen,
       row_fee_fen = t.row_fee_fen, row_on = t.row_on, difference_fen = t.difference_fen, scope_on = t.scope_on,
       facts = t.facts_now, last_run_id = %(run_id)s, last_found_at = %(at)s,
       status = CASE WHEN t.what = 'reopened' THEN 'open' ELSE b.status END,
       resolution = CASE WHEN t.what = 'reopened' THEN NULL ELSE b.resolution END,
       resolution_position = CASE WHEN t.what = 'reopened' THEN NULL ELSE b.resolution_position END,
       resolution_topic = CASE WHEN t.what = 'reopened' THEN NULL ELSE b.resolution_topic END,
       resolved_by = CASE WHEN t.what = 'reopened' THEN NULL ELSE b.resolved_by END,
       confirmed_by = CASE WHEN t.what = 'reopened' THEN NULL ELSE b.confirmed_by END,
       changes = b.changes + CASE WHEN t.what IS NULL THEN 0 ELSE 1 END
  FROM told t
 WHERE b.programme_id = t.programme_id AND b.break_id = t.break_id

-- find_first: breaks that no run found before
WITH fresh AS (
    INSERT INTO reconciliation.breaks (
        programme_id, break_id, code, relation, kind, merchant_id, reference, item, item_fen, item_fee_fen,
        item_on, position, file_no, row_no, row_fen, row_fee_fen, row_on, difference_fen, scope_on, facts,
        first_run_id, first_found_at, last_run_id, last_found_at, status, changes
    )
    SELECT f.programme_id, f.break_id, f.code, f.relation, f.kind, f.merchant_id, f.reference, f.item, f.item_fen,
           f.item_fee_fen, f.item_on, f.position, f.file_no, f.row_no, f.row_fen, f.row_fee_fen, f.row_on,
           f.difference_fen, f.scope_on,
           concat_ws(' ', COALESCE(f.item_fen::text, '-'), COALESCE(f.item_fee_fen::text, '-'),
                     COALESCE(f.item_on::text, '-'), COALESCE(f.row_fen::text, '-'),
                     COALESCE(f.row_fee_fen::text, '-'), COALESCE(f.row_on::text, '-'), f.difference_fen),
           %(run_id)s, %(at)s, %(run_id)s, %(at)s, 'open', 1
      FROM reconciliation.findings f
     WHERE f.programme_id = %(programme_id)s AND f.run_id = %(run_id)s
        ON CONFLICT (programme_id, break_id) DO NOTHING
    RETURNING programme_id, break_id, facts
)
INSERT INTO reconciliation.break_history (programme_id, break_id, number, at, by, what, note, run_id, told)
SELECT f.programme_id, f.break_id, 1, %(at)s, %(by)s, 'found', '', %(run_id)s,
       jsonb_build_object('facts', f.facts)::text
  FROM fresh f

-- clear: breaks that nobody has resolved and that a run over them finds no longer
WITH gone AS (
    SELECT b.programme_id, b.break_id, b.changes
      FROM reconciliation.breaks b
     WHERE b.programme_id = %(programme_id)s AND b.status IN ('open', 'proposed')
       AND b.scope_on >= %(starts_on)s AND b.scope_on < %(ends_on)s
       AND (%(merchant_id)s::text IS NULL OR b.merchant_id = %(merchant_id)s)
       AND (b.relation = ANY (%(relations)s)
            OR EXISTS (SELECT FROM run_told t WHERE t.relation = b.relation AND t.merchant_id = b.merchant_id))
       AND NOT EXISTS (
               SELECT FROM reconciliation.findings f
                WHERE f.programme_id = b.programme_id AND f.run_id = %(run_id)s AND f.break_id = b.break_id
           )
       FOR UPDATE
), history AS (
    INSERT INTO reconciliation.break_history (programme_id, break_id, number, at, by, what, note, run_id, told)
    SELECT g.programme_id, g.break_id, g.changes + 1, %(at)s, %(by)s, 'cleared', '', %(run_id)s, '{}' FROM gone g
)
UPDATE reconciliation.breaks b
   SET status = 'cleared', changes = b.changes + 1, resolution = NULL, resolution_position = NULL,
       resolution_topic = NULL, resolved_by = NULL, confirmed_by = NULL
  FROM gone g
 WHERE b.programme_id = g.programme_id AND b.break_id = g.break_id

-- lock: one break, which nobody else changes until this transaction ends
SELECT b.status, b.code, b.item, b.merchant_id, b.position, b.item_fen, b.row_fen, b.resolution,
       b.resolution_position, b.resolution_topic, b.resolved_by, b.changes
  FROM reconciliation.breaks b
 WHERE b.programme_id = %(programme_id)s AND b.break_id = %(break_id)s
   FOR UPDATE

-- change: what somebody did to a break
UPDATE reconciliation.breaks
   SET status = %(status)s, owner = COALESCE(%(owner)s, owner), resolution = %(resolution)s,
       resolution_position = %(resolution_position)s, resolution_topic = %(resolution_topic)s,
       resolved_by = %(resolved_by)s, confirmed_by = %(confirmed_by)s, changes = changes + 1
 WHERE programme_id = %(programme_id)s AND break_id = %(break_id)s

-- touch: a note changes nothing else
UPDATE reconciliation.breaks
   SET owner = COALESCE(%(owner)s, owner), changes = changes + 1
 WHERE programme_id = %(programme_id)s AND break_id = %(break_id)s

-- remember: a line of a break's history
INSERT INTO reconciliation.break_history (programme_id, break_id, number, at, by, what, note, run_id, told)
VALUES (%(programme_id)s, %(break_id)s, %(number)s, %(at)s, %(by)s, %(what)s, %(note)s, NULL, %(told)s)

-- list: breaks by id, of a status, a code or a merchant where named
SELECT b.break_id, b.code, b.relation, b.kind, b.merchant_id, b.reference, b.item, b.item_fen, b.item_fee_fen,
       b.item_on, b.position, f.file_id, b.row_no, r.line, b.row_fen, b.row_fee_fen, b.row_on, b.difference_fen,
       b.first_run_id, b.first_found_at, b.last_run_id, b.last_found_at, b.status, b.owner, b.resolution,
       b.resolution_position, b.resolution_topic, b.resolved_by, b.confirmed_by
  FROM reconciliation.breaks b
  LEFT JOIN reconciliation.files f ON f.programme_id = b.programme_id AND f.file_no = b.file_no
  LEFT JOIN reconciliation.rows r
         ON r.programme_id = b.programme_id AND r.file_no = b.file_no AND r.row_no = b.row_no
 WHERE b.programme_id = %(programme_id)s AND b.break_id > %(after)s COLLATE "C"
   AND (%(statuses)s::text[] = '{}' OR b.status = ANY (%(statuses)s))
   AND (%(codes)s::text[] = '{}' OR b.code = ANY (%(codes)s))
   AND (%(merchant_id)s::text IS NULL OR b.merchant_id = %(merchant_id)s)
   AND (%(owner)s::text IS NULL OR b.owner = %(owner)s)
 ORDER BY b.break_id
 LIMIT %(limit)s

-- read: one break
SELECT b.break_id, b.code, b.relation, b.kind, b.merchant_id, b.reference, b.item, b.item_fen, b.item_fee_fen,
       b.item_on, b.position, f.file_id, b.row_no, r.line, b.row_fen, b.row_fee_fen, b.row_on, b.difference_fen,
       b.first_run_id, b.first_found_at, b.last_run_id, b.last_found_at, b.status, b.owner, b.resolution,
       b.resolution_position, b.resolution_topic, b.resolved_by, b.confirmed_by
  FROM reconciliation.breaks b
  LEFT JOIN reconciliation.files f ON f.programme_id = b.programme_id AND f.file_no = b.file_no
  LEFT JOIN reconciliation.rows r
         ON r.programme_id = b.programme_id AND r.file_no = b.file_no AND r.row_no = b.row_no
 WHERE b.programme_id = %(programme_id)s AND b.break_id = %(break_id)s

-- history: what happened to a break, in order
SELECT number, at, by, what, note, run_id, told
  FROM reconciliation.break_history
 WHERE programme_id = %(programme_id)s AND break_id = %(break_id)s
 ORDER BY number

-- of_run: breaks as a run found them
SELECT f.break_id, f.code, f.relation, f.kind, f.merchant_id, f.reference, f.item, f.item_fen, f.item_fee_fen,
       f.item_on, f.position, l.file_id, f.row_no, f.row_fen, f.row_fee_fen, f.row_on, f.difference_fen
  FROM reconciliation.findings f
  LEFT JOIN reconciliation.files l ON l.programme_id = f.programme_id AND l.file_no = f.file_no
 WHERE f.programme_id = %(programme_id)s AND f.run_id = %(run_id)s AND f.break_id > %(after)s COLLATE "C"
 ORDER BY f.break_id
 LIMIT %(limit)s

-- event_at: the event that a resolution names
SELECT topic, state FROM events WHERE programme_id = %(programme_id)s AND position = %(position)s

-- first_of_stream: with which event a fact began
SELECT state FROM events
 WHERE programme_id = %(programme_id)s AND originator_id = %(stream_id)s AND originator_version = 1

-- statement_of_payout: which statement a payout is of
SELECT statement_id FROM reconciliation.payouts
 WHERE programme_id = %(programme_id)s AND payout_id = %(payout_id)s
