-- Rows of trade bills against the movements of the payment service's account (fund flow).

-- pair_flows: rule 1; a movement is the trade whose order or refund it names, gross, or less the fee
WITH trades AS (
    SELECT t.*,
           row_number() OVER (PARTITION BY t.kind, t.own_reference ORDER BY t.happened_on, t.rank, t.row_no) AS nth
      FROM run_told_rows t
     WHERE t.relation = 'trades' AND t.is_final AND t.own_reference <> ''
), flows AS (
    SELECT t.* FROM run_told_rows t WHERE t.relation = 'flows' AND t.kind IN ('use', 'refund')
), fees AS (
    SELECT t.payment_reference, -sum(t.value_fen) AS fee_fen
      FROM run_told_rows t
     WHERE t.relation = 'flows' AND t.kind = 'fee' AND t.value_fen < 0
     GROUP BY 1
), named AS (
    SELECT f.file_no, f.row_no, t.file_no AS trade_file_no, t.row_no AS trade_row_no
      FROM flows f
      JOIN trades t ON t.nth = 1 AND t.kind = f.kind AND t.own_reference = f.payment_reference
    UNION
    SELECT f.file_no, f.row_no, t.file_no, t.row_no
      FROM flows f
      JOIN trades t ON t.nth = 1 AND t.kind = 'refund' AND f.kind = 'refund'
                   AND t.refund_reference <> '' AND t.refund_reference = f.reference
), placed AS (
    SELECT f.*, t.merchant_id AS owner_id, t.own_reference AS trade, t.value_fen AS trade_fen, t.fee_fen AS trade_fee_fen,
           t.happened_on AS trade_on, t.is_in AS trade_is_in, e.fee_fen AS flow_fee_fen,
           row_number() OVER (
               PARTITION BY t.kind, t.own_reference
                   ORDER BY f.value_fen <> t.value_fen, abs(f.happened_on - t.happened_on), f.happened_on,
                            f.rank, f.row_no
           ) AS nth
      FROM named n
      JOIN flows f ON f.file_no = n.file_no AND f.row_no = n.row_no
      JOIN trades t ON t.file_no = n.trade_file_no AND t.row_no = n.trade_row_no
      LEFT JOIN fees e ON f.kind = 'use' AND e.payment_reference = f.payment_reference
)
INSERT INTO run_pairs (
    relation, rule, code, merchant_id, kind, reference, own_reference, item, item_fen, item_fee_fen, item_on,
    position, rank, file_no, row_no, row_fen, row_fee_fen, row_on, item_counts, row_counts, scope_on
)
SELECT 'flows', 'order_number',
       CASE WHEN p.nth > 1 THEN 'duplicate'
            WHEN p.value_fen <> p.trade_fen
                 AND NOT (p.value_fen = p.trade_fen - COALESCE(p.trade_fee_fen, 0) AND p.flow_fee_fen IS NULL)
            THEN 'amount_differs'
            WHEN p.kind = 'use' AND p.value_fen = p.trade_fen
                 AND COALESCE(p.flow_fee_fen, 0) <> COALESCE(p.trade_fee_fen, 0) THEN 'fee_differs'
            WHEN p.is_in <> p.trade_is_in THEN 'out_of_period'
       END,
       p.owner_id, p.kind, p.reference, p.own_reference, p.trade,
       -- Where the movement is net of the fee, so is what it is held against.
       CASE WHEN p.value_fen <> p.trade_fen AND p.flow_fee_fen IS NULL
                 AND p.value_fen = p.trade_fen - COALESCE(p.trade_fee_fen, 0)
            THEN p.value_fen ELSE p.trade_fen END,
       p.trade_fee_fen, p.trade_on, NULL, p.rank, p.file_no, p.row_no, p.value_fen, p.flow_fee_fen, p.happened_on,
       p.nth = 1 AND p.trade_is_in, p.is_in, CASE WHEN p.trade_is_in AND p.nth = 1 THEN p.trade_on ELSE p.happened_on END
  FROM placed p
 WHERE p.is_in OR (p.trade_is_in AND p.nth = 1)

-- free_flows: movements of the period that name no trade
INSERT INTO run_free_rows (
    relation, rank, file_no, row_no, merchant_id, kind, reference, own_reference, value_fen, fee_fen,
    happened_on, store_id, part_of, is_in
)
SELECT t.relation, t.rank, t.file_no, t.row_no, NULL, t.kind,
       COALESCE(NULLIF(t.payment_reference, ''), t.reference), t.own_reference, t.value_fen, t.fee_fen,
       t.happened_on, NULL, NULL, true
  FROM run_told_rows t
 WHERE t.relation = 'flows' AND t.kind IN ('use', 'refund') AND t.is_in
   AND NOT EXISTS (
           SELECT FROM run_pairs p WHERE p.relation = 'flows' AND p.file_no = t.file_no AND p.row_no = t.row_no
       )

-- free_trades: trades of the period that no movement names
INSERT INTO run_free_items (
    relation, merchant_id, kind, item, sums_as, position, item_on, scope_on, store_id, value_fen, fee_fen, is_due
)
SELECT DISTINCT ON (t.kind, t.own_reference)
       'flows', COALESCE(t.merchant_id, ''), CASE t.kind WHEN 'use' THEN 'payment' ELSE t.kind END,
       t.own_reference, NULL, 0, t.happened_on, t.happened_on, NULL, t.value_fen, COALESCE(t.fee_fen, 0),
       t.happened_on <= %(flows_until)s
  FROM run_told_rows t
 WHERE t.relation = 'trades' AND t.is_in AND t.is_final AND t.own_reference <> '' AND t.value_fen <> 0
   AND NOT EXISTS (
           SELECT FROM run_pairs p
            WHERE p.relation = 'flows' AND p.kind = t.kind AND p.item = t.own_reference
       )
 ORDER BY t.kind, t.own_reference, t.happened_on, t.rank, t.row_no
