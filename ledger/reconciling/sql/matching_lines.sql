-- Lines of the ledger against rows of merchants and of trade bills: taking both in, and rule 1, references.

-- take_files: the files that the run stands on, in the order in which a row that two of them tell is taken
INSERT INTO run_files (rank, file_no, file_id, relation, merchant_id, is_alone)
SELECT f.rank, f.file_no, f.file_id, f.relation, NULLIF(f.merchant_id, ''),
       count(*) OVER (
           PARTITION BY f.relation, CASE f.relation WHEN 'merchant' THEN f.merchant_id ELSE '' END
       ) = 1
  FROM unnest(%(ranks)s::int[], %(file_nos)s::bigint[], %(file_ids)s::text[], %(relations)s::text[],
              %(merchant_ids)s::text[]) AS f (rank, file_no, file_id, relation, merchant_id)

-- take_told: whose files of a relation are taken to be complete for the period
INSERT INTO run_told (relation, merchant_id)
SELECT t.relation, t.merchant_id FROM unnest(%(relations)s::text[], %(merchant_ids)s::text[]) AS t (relation, merchant_id)

-- take_lines: the ledger's lines of the period
INSERT INTO run_lines (relation, merchant_id, kind, redemption_id, position, local_day, store_id, value_fen, fee_fen)
SELECT t.relation, l.merchant_id, l.kind, l.redemption_id, l.position, l.local_day, d.store_id,
       l.face_value_fen, l.fee_fen
  FROM run_told t
  JOIN settlement_lines l
    ON l.programme_id = %(programme_id)s AND l.merchant_id = t.merchant_id
   AND l.local_day >= %(starts_on)s AND l.local_day < %(ends_on)s AND l.position <= %(position)s
   AND l.kind IN ('use', 'refund')
  JOIN settlement_redemptions d ON d.programme_id = l.programme_id AND d.redemption_id = l.redemption_id

-- take_rows: rows of the files within reach of the period; one that several files tell is taken from the first
INSERT INTO run_told_rows (
    relation, rank, file_no, row_no, merchant_id, kind, reference, own_reference, refund_reference,
    payment_reference, value_fen, fee_fen, happened_on, store_id, part_of, is_reversal, is_final, is_in
)
SELECT t.relation, t.rank, t.file_no, t.row_no, t.merchant_id, t.kind, t.reference, t.own_reference,
       t.refund_reference, t.payment_reference, t.value_fen, t.fee_fen, t.happened_on, t.store_id, t.part_of,
       t.is_reversal, t.is_final, t.happened_on >= %(starts_on)s AND t.happened_on < %(ends_on)s
  FROM (
        SELECT f.relation, f.rank, f.merchant_id, r.*, 1 AS told
          FROM run_files f
          JOIN reconciliation.rows r ON r.programme_id = %(programme_id)s AND r.file_no = f.file_no
         WHERE f.is_alone AND r.file_no = ANY (%(file_nos)s::bigint[])
           AND r.happened_on >= %(reach_from)s AND r.happened_on < %(reach_to)s
        UNION ALL
        SELECT n.relation, n.rank, n.merchant_id, (n.row_of).*,
               row_number() OVER (
                   PARTITION BY n.relation, CASE n.relation WHEN 'merchant' THEN n.merchant_id ELSE '' END,
                                (n.row_of).identity, n.nth
                       ORDER BY n.merchant_id IS NULL, n.rank
               )
          FROM (
                -- A row that stands twice in one file stands there twice.
                SELECT f.relation, f.rank, f.merchant_id, r AS row_of,
                       row_number() OVER (PARTITION BY f.rank, r.identity ORDER BY r.row_no) AS nth
                  FROM run_files f
                  JOIN reconciliation.rows r ON r.programme_id = %(programme_id)s AND r.file_no = f.file_no
                 WHERE NOT f.is_alone AND r.file_no = ANY (%(file_nos)s::bigint[])
                   AND r.happened_on >= %(reach_from)s AND r.happened_on < %(reach_to)s
               ) n
       ) t
 WHERE t.told = 1
   AND CASE t.relation
            WHEN 'bank' THEN t.kind IN ('payment', 'refund')
            WHEN 'flows' THEN t.kind IN ('use', 'refund', 'fee')
            ELSE t.kind IN ('use', 'refund')
       END

-- name_rows: find the redemptions that rows name; of rows beyond the period, where the period has to do with them
INSERT INTO run_named_rows (
    relation, rank, file_no, row_no, merchant_id, kind, reference, own_reference, rule, redemption_id,
    position, local_day, value_fen, fee_fen, row_fen, row_fee_fen, row_on, is_final, is_in, line_is_in,
    nth, is_parts
)
WITH asked AS (
    SELECT t.relation, t.rank, t.file_no, t.row_no, t.merchant_id, t.kind, t.reference, t.own_reference,
           t.value_fen, t.fee_fen, t.happened_on, t.is_final, t.is_in
      FROM run_told_rows t
     WHERE t.relation IN ('merchant', 'trades')
), near AS (
    SELECT a.* FROM asked a WHERE a.is_in
    UNION ALL
    SELECT a.*
      FROM asked a
     WHERE NOT a.is_in AND EXISTS (SELECT FROM run_lines l WHERE l.redemption_id = a.reference)
    UNION ALL
    SELECT a.*
      FROM asked a
     WHERE NOT a.is_in AND a.reference <> ''
       AND NOT EXISTS (SELECT FROM run_lines l WHERE l.redemption_id = a.reference)
       AND EXISTS (SELECT FROM asked i WHERE i.is_in AND i.reference = a.reference)
), named AS (
    SELECT n.*, 'reference' AS rule, d.redemption_id, d.merchant_id AS owner_id, d.status, d.face_value_fen,
           d.fee_fen AS held_fee_fen, d.fulfilled_position, d.fulfilled_recorded_at, d.reversed_position,
           d.reversed_recorded_at
      FROM near n
      JOIN settlement_redemptions d
        ON d.programme_id = %(programme_id)s AND d.redemption_id = n.reference
     WHERE d.held_position <= %(position)s AND d.merchant_id = COALESCE(n.merchant_id, %(merchant_id)s, d.merchant_id)
    UNION ALL
    SELECT n.*, 'own_reference', d.redemption_id, d.merchant_id, d.status, d.face_value_fen,
           d.fee_fen, d.fulfilled_position, d.fulfilled_recorded_at, d.reversed_position,
           d.reversed_recorded_at
      FROM near n
      JOIN settlement_redemptions d
        ON d.programme_id = %(programme_id)s AND d.redemption_id = n.own_reference
     WHERE d.held_position <= %(position)s AND d.merchant_id = COALESCE(n.merchant_id, %(merchant_id)s, d.merchant_id)
       AND n.own_reference <> n.reference
       AND NOT EXISTS (
               SELECT FROM settlement_redemptions e
                WHERE e.programme_id = %(programme_id)s AND e.redemption_id = n.reference
                  AND e.held_position <= %(position)s
                  AND e.merchant_id = COALESCE(n.merchant_id, %(merchant_id)s, e.merchant_id)
           )
), placed AS (
    SELECT n.*,
           CASE WHEN n.kind = 'use' AND n.fulfilled_position <= %(position)s THEN n.fulfilled_position
                WHEN n.kind = 'refund' AND n.status = 'refunded' AND n.reversed_position <= %(position)s
                THEN n.reversed_position
           END AS line_position,
           (CASE WHEN n.kind = 'use' THEN n.fulfilled_recorded_at ELSE n.reversed_recorded_at END
            AT TIME ZONE %(time_zone)s)::date AS any_line_on
      FROM named n
), lined AS (
    -- A line after the run's position is none, so neither is its day. What a refund gives back may be
    -- less than the use had cost, where a dispute has changed that.
    SELECT p.*, CASE WHEN p.line_position IS NOT NULL THEN p.any_line_on END AS line_on,
           CASE WHEN p.kind = 'use' THEN p.face_value_fen
                ELSE COALESCE(s.face_value_fen, -p.face_value_fen) END AS line_fen,
           CASE WHEN p.kind = 'use' THEN p.held_fee_fen
                ELSE COALESCE(s.fee_fen, -p.held_fee_fen) END AS line_fee_fen
      FROM placed p
      LEFT JOIN settlement_lines s
             ON p.kind = 'refund' AND s.kind = 'refund'
            AND s.programme_id = %(programme_id)s AND s.merchant_id = p.owner_id
            AND s.local_day = p.any_line_on AND s.position = p.line_position
)
SELECT l.relation, l.rank, l.file_no, l.row_no, l.owner_id, l.kind, l.reference, l.own_reference, l.rule,
       l.redemption_id, l.line_position, l.line_on,
       l.line_fen, l.line_fee_fen, l.value_fen, l.fee_fen, l.happened_on, l.is_final, l.is_in,
       l.line_position IS NOT NULL AND l.line_on >= %(starts_on)s AND l.line_on < %(ends_on)s,
       row_number() OVER (
           PARTITION BY l.relation, l.redemption_id, l.kind
               ORDER BY l.value_fen <> l.line_fen, NOT l.is_final, abs(l.happened_on - l.line_on),
                        l.happened_on, l.rank, l.row_no
       ),
       COALESCE(
           l.line_position IS NOT NULL AND count(*) OVER same > 1 AND sum(l.value_fen) OVER same = l.line_fen
           AND bool_and(l.value_fen <> l.line_fen) OVER same,
           false
       )
  FROM lined l
WINDOW same AS (PARTITION BY l.relation, l.redemption_id, l.kind)

-- pair_named: rule 1; a row is the line that it names, and several may be parts of one
INSERT INTO run_pairs (
    relation, rule, code, merchant_id, kind, reference, own_reference, item, item_fen, item_fee_fen, item_on,
    position, rank, file_no, row_no, row_fen, row_fee_fen, row_on, item_counts, row_counts, scope_on
)
SELECT n.relation, CASE WHEN n.is_parts THEN 'parts' ELSE n.rule END,
       CASE WHEN NOT n.is_parts AND n.row_fen <> n.value_fen THEN 'amount_differs'
            WHEN NOT n.is_parts AND n.relation = 'merchant' AND n.row_fee_fen <> n.fee_fen THEN 'fee_differs'
            WHEN n.is_in <> n.line_is_in THEN 'out_of_period'
       END,
       n.merchant_id, n.kind, n.reference, n.own_reference, n.redemption_id,
       -- Each of several parts stands for its own part of the line.
       CASE WHEN n.is_parts THEN n.row_fen ELSE n.value_fen END, n.fee_fen,
       n.local_day, n.position, n.rank, n.file_no, n.row_no, n.row_fen, n.row_fee_fen, n.row_on,
       n.line_is_in, n.is_in,
       CASE WHEN n.line_is_in THEN n.local_day ELSE n.row_on END
  FROM run_named_rows n
 WHERE n.position IS NOT NULL AND (n.nth = 1 OR n.is_parts) AND (n.is_in OR n.line_is_in)

-- break_named: rows that name a redemption of which the ledger has no such line, or no further one
INSERT INTO run_found (
    code, relation, kind, merchant_id, reference, own_reference, item, item_fen, item_fee_fen, item_on,
    position, rank, file_no, row_no, row_fen, row_fee_fen, row_on, item_counts, row_counts, scope_on, is_pair
)
SELECT CASE WHEN n.nth > 1 THEN 'duplicate' WHEN n.kind = 'use' THEN 'missing_in_ledger'
            ELSE 'refund_unmatched' END,
       n.relation, n.kind, n.merchant_id, n.reference, n.own_reference, n.redemption_id,
       CASE WHEN n.position IS NOT NULL THEN n.value_fen END,
       CASE WHEN n.position IS NOT NULL THEN n.fee_fen END,
       n.local_day, n.position, n.rank, n.file_no, n.row_no, n.row_fen, n.row_fee_fen, n.row_on,
       false, true, n.row_on, false
  FROM run_named_rows n
 WHERE n.is_in AND n.is_final AND NOT n.is_parts AND (n.nth > 1 OR n.position IS NULL)

-- free_rows: rows of the period that name nothing known; what is still under way waits
INSERT INTO run_free_rows (
    relation, rank, file_no, row_no, merchant_id, kind, reference, own_reference, value_fen, fee_fen,
    happened_on, store_id, part_of, is_in
)
SELECT t.relation, t.rank, t.file_no, t.row_no, t.merchant_id, t.kind, t.reference, t.own_reference,
       t.value_fen, t.fee_fen, t.happened_on, t.store_id, t.part_of, t.is_in
  FROM run_told_rows t
 WHERE t.relation IN ('merchant', 'trades') AND t.is_in AND t.is_final
   AND (t.merchant_id IS NOT NULL OR %(merchant_id)s::text IS NULL)
   AND NOT EXISTS (SELECT FROM run_named_rows n WHERE n.file_no = t.file_no AND n.row_no = t.row_no)

-- free_lines: lines that no row names
INSERT INTO run_free_items (
    relation, merchant_id, kind, item, sums_as, position, item_on, scope_on, store_id, value_fen, fee_fen, is_due
)
SELECT l.relation, l.merchant_id, l.kind, l.redemption_id, NULL, l.position, l.local_day, l.local_day,
       l.store_id, l.value_fen, l.fee_fen, true
  FROM run_lines l
 WHERE NOT EXISTS (
           SELECT FROM run_pairs p
            WHERE p.relation = l.relation AND p.kind = l.kind AND p.item = l.redemption_id
       )
