-- What no reference has brought together: rule 2, amounts and days; rule 3, sums. Then what is left alone.
--
-- Nothing here looks at pairs of rows and lines one by one: both sides are counted by what they have in
-- common first, so that ten thousand equal amounts cost no more than ten thousand different ones.

-- pair_amounts: rule 2; the one row and the one line or payout of an amount, within so many days
WITH r AS (
    SELECT f.relation, CASE f.relation WHEN 'bank' THEN '' ELSE f.merchant_id END AS owner_id, f.kind,
           f.value_fen, f.happened_on, CASE WHEN %(by_store)s THEN f.store_id ELSE '' END AS store_id,
           count(*) AS n, min(f.file_no) AS file_no, min(f.row_no) AS row_no
      FROM run_free_rows f
     WHERE f.relation = ANY (%(relations)s) AND (f.reference <> '') = %(is_named)s
     GROUP BY 1, 2, 3, 4, 5, 6
), i AS (
    SELECT f.relation, CASE f.relation WHEN 'bank' THEN '' ELSE f.merchant_id END AS owner_id, f.kind,
           f.value_fen, f.item_on, CASE WHEN %(by_store)s THEN f.store_id ELSE '' END AS store_id,
           count(*) AS n, min(f.item) AS item
      FROM run_free_items f
     WHERE f.relation = ANY (%(relations)s)
     GROUP BY 1, 2, 3, 4, 5, 6
), near AS (
    SELECT r.relation, r.kind, r.n AS rows, r.file_no, r.row_no, i.n AS items, i.item,
           sum(i.n) OVER (
               PARTITION BY r.relation, r.owner_id, r.kind, r.store_id, r.value_fen, r.happened_on
           ) AS items_near,
           sum(r.n) OVER (
               PARTITION BY i.relation, i.owner_id, i.kind, i.store_id, i.value_fen, i.item_on
           ) AS rows_near
      FROM r
      JOIN i USING (relation, owner_id, kind, store_id, value_fen)
     WHERE i.item_on BETWEEN r.happened_on - %(days)s::int AND r.happened_on + %(days)s::int
)
INSERT INTO run_pairs (
    relation, rule, code, merchant_id, kind, reference, own_reference, item, item_fen, item_fee_fen, item_on,
    position, rank, file_no, row_no, row_fen, row_fee_fen, row_on, item_counts, row_counts, scope_on
)
SELECT f.relation, %(rule)s::text,
       CASE WHEN %(is_named)s THEN 'unknown_reference'
            WHEN f.relation = 'merchant' AND f.fee_fen <> t.fee_fen THEN 'fee_differs'
       END,
       t.merchant_id, f.kind, f.reference, f.own_reference, t.item, t.value_fen, t.fee_fen, t.item_on,
       t.position, f.rank, f.file_no, f.row_no, f.value_fen, f.fee_fen, f.happened_on, true, true, t.scope_on
  FROM near n
  JOIN run_free_rows f ON f.file_no = n.file_no AND f.row_no = n.row_no
  JOIN run_free_items t ON t.relation = n.relation AND t.kind = n.kind AND t.item = n.item
 WHERE n.rows = 1 AND n.items = 1 AND n.items_near = 1 AND n.rows_near = 1

-- pair_sums: rule 3; the one row that is the sum of everything left of a day, a store's day or a statement
WITH i AS (
    SELECT f.*, CASE f.relation WHEN 'bank' THEN '' ELSE f.merchant_id END AS owner_id,
           CASE %(by)s::text WHEN 'store' THEN f.store_id WHEN 'statement' THEN f.sums_as ELSE '' END AS part,
           CASE WHEN %(by)s::text = 'statement' THEN NULL ELSE f.item_on END AS part_on,
           CASE WHEN %(by)s::text = 'net' THEN '' ELSE f.kind END AS part_kind
      FROM run_free_items f
     WHERE f.relation = ANY (%(relations)s)
), sums AS (
    SELECT i.relation, i.owner_id, i.part, i.part_on, i.part_kind, sum(i.value_fen) AS value_fen,
           min(i.item_on) AS first_on, max(i.item_on) AS last_on
      FROM i
     WHERE i.part IS NOT NULL
     GROUP BY 1, 2, 3, 4, 5
    HAVING count(*) > 1
), near AS (
    SELECT s.*, f.file_no, f.row_no,
           count(*) OVER (PARTITION BY f.file_no, f.row_no) AS sums_near,
           count(*) OVER (PARTITION BY s.relation, s.owner_id, s.part, s.part_on, s.part_kind) AS rows_near
      FROM sums s
      JOIN run_free_rows f
        ON f.relation = s.relation AND f.value_fen = s.value_fen
       AND CASE f.relation WHEN 'bank' THEN '' ELSE f.merchant_id END = s.owner_id
       AND (s.part_kind = '' OR f.kind = s.part_kind)
       AND (%(by)s::text <> 'store' OR f.store_id = s.part)
       AND f.happened_on BETWEEN s.first_on - %(days)s::int AND s.last_on + %(days)s::int
)
INSERT INTO run_pairs (
    relation, rule, code, merchant_id, kind, reference, own_reference, item, item_fen, item_fee_fen, item_on,
    position, rank, file_no, row_no, row_fen, row_fee_fen, row_on, item_counts, row_counts, scope_on
)
SELECT f.relation, %(rule)s::text, NULL, i.merchant_id, i.kind, f.reference, f.own_reference, i.item, i.value_fen,
       i.fee_fen, i.item_on, i.position, f.rank, f.file_no, f.row_no, f.value_fen, f.fee_fen, f.happened_on,
       true, row_number() OVER (PARTITION BY f.file_no, f.row_no ORDER BY i.kind, i.item) = 1, i.scope_on
  FROM near n
  JOIN run_free_rows f ON f.file_no = n.file_no AND f.row_no = n.row_no
  JOIN i ON i.relation = n.relation AND i.owner_id = n.owner_id AND i.part = n.part
        AND i.part_on IS NOT DISTINCT FROM n.part_on AND i.part_kind = n.part_kind
 WHERE n.sums_near = 1 AND n.rows_near = 1

-- pair_batches: rule 3; the parts of one batched entry that together are one payout
WITH sums AS (
    SELECT f.relation, f.part_of, f.kind, sum(f.value_fen) AS value_fen, min(f.happened_on) AS first_on,
           max(f.happened_on) AS last_on
      FROM run_free_rows f
     WHERE f.relation = 'bank' AND f.part_of IS NOT NULL
     GROUP BY 1, 2, 3
    HAVING count(*) > 1
), near AS (
    SELECT s.*, i.item,
           count(*) OVER (PARTITION BY s.part_of, s.kind) AS items_near,
           count(*) OVER (PARTITION BY i.kind, i.item) AS sums_near
      FROM sums s
      JOIN run_free_items i
        ON i.relation = s.relation AND i.kind = s.kind AND i.value_fen = s.value_fen
       AND i.item_on BETWEEN s.first_on - %(days)s::int AND s.last_on + %(days)s::int
)
INSERT INTO run_pairs (
    relation, rule, code, merchant_id, kind, reference, own_reference, item, item_fen, item_fee_fen, item_on,
    position, rank, file_no, row_no, row_fen, row_fee_fen, row_on, item_counts, row_counts, scope_on
)
SELECT f.relation, 'batch_sum', NULL, i.merchant_id, f.kind, f.reference, f.own_reference, i.item, i.value_fen,
       i.fee_fen, i.item_on, i.position, f.rank, f.file_no, f.row_no, f.value_fen, f.fee_fen, f.happened_on,
       row_number() OVER (PARTITION BY i.kind, i.item ORDER BY f.rank, f.row_no) = 1, true, i.scope_on
  FROM near n
  JOIN run_free_rows f ON f.relation = n.relation AND f.part_of = n.part_of AND f.kind = n.kind
  JOIN run_free_items i ON i.relation = n.relation AND i.kind = n.kind AND i.item = n.item
 WHERE n.items_near = 1 AND n.sums_near = 1

-- rows_paired: rows that a rule has paired are free no longer
DELETE FROM run_free_rows f
 USING run_pairs p
 WHERE p.rule = %(rule)s AND p.file_no = f.file_no AND p.row_no = f.row_no

-- items_paired: lines and payouts that a rule has paired are free no longer
DELETE FROM run_free_items f
 USING run_pairs p
 WHERE p.rule = %(rule)s AND p.relation = f.relation AND p.kind = f.kind AND p.item = f.item

-- break_rows: rows that are left alone
INSERT INTO run_found (
    code, relation, kind, merchant_id, reference, own_reference, item, item_fen, item_fee_fen, item_on,
    position, rank, file_no, row_no, row_fen, row_fee_fen, row_on, item_counts, row_counts, scope_on, is_pair
)
SELECT CASE WHEN f.reference <> '' OR f.relation = 'bank' THEN 'unknown_reference'
            WHEN f.kind = 'refund' THEN 'refund_unmatched'
            ELSE 'missing_in_ledger' END,
       f.relation, f.kind, f.merchant_id, f.reference, f.own_reference, NULL, NULL, NULL, NULL, NULL,
       f.rank, f.file_no, f.row_no, f.value_fen, f.fee_fen, f.happened_on, false, true, f.happened_on, false
  FROM run_free_rows f
 WHERE f.is_in AND (f.relation <> 'bank' OR %(merchant_id)s::text IS NULL)

-- break_items: lines and payouts that are left alone
INSERT INTO run_found (
    code, relation, kind, merchant_id, reference, own_reference, item, item_fen, item_fee_fen, item_on,
    position, rank, file_no, row_no, row_fen, row_fee_fen, row_on, item_counts, row_counts, scope_on, is_pair
)
SELECT CASE f.kind WHEN 'use' THEN 'missing_at_merchant' WHEN 'payment' THEN 'missing_payment'
            ELSE 'refund_unmatched' END,
       f.relation, f.kind, f.merchant_id, '', '', f.item, f.value_fen, f.fee_fen, f.item_on, f.position,
       NULL, NULL, NULL, NULL, NULL, NULL, true, false, f.scope_on, false
  FROM run_free_items f
 WHERE f.is_due

-- break_pairs: pairs between which something is wrong
INSERT INTO run_found (
    code, relation, kind, merchant_id, reference, own_reference, item, item_fen, item_fee_fen, item_on,
    position, rank, file_no, row_no, row_fen, row_fee_fen, row_on, item_counts, row_counts, scope_on, is_pair
)
SELECT p.code, p.relation, p.kind, p.merchant_id, p.reference, p.own_reference, p.item, p.item_fen,
       p.item_fee_fen, p.item_on, p.position, p.rank, p.file_no, p.row_no, p.row_fen, p.row_fee_fen, p.row_on,
       p.item_counts, p.row_counts, p.scope_on, true
  FROM run_pairs p
 WHERE p.code IS NOT NULL
