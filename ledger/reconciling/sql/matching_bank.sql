-- Payouts against rows of bank statements. Money that leaves the account is below zero on both sides.

-- take_payouts: payouts as of the run's position; the period has those of its statements and those instructed in it
INSERT INTO run_payouts (
    payout_id, statement_id, merchant_id, value_fen, instructed_on, scope_on, position, is_failed, returned_on,
    returned_position, in_scope, is_due, return_is_due
)
SELECT p.payout_id, p.statement_id, p.merchant_id, p.value_fen, p.instructed_on,
       CASE WHEN s.statement_is_in OR NOT s.instructed_is_in THEN COALESCE(p.statement_on, p.instructed_on)
            ELSE p.instructed_on END,
       p.position, COALESCE(p.failed_position <= %(position)s, false),
       CASE WHEN p.returned_position <= %(position)s THEN p.returned_on END,
       CASE WHEN p.returned_position <= %(position)s THEN p.returned_position END,
       (s.statement_is_in OR s.instructed_is_in)
       AND (%(merchant_id)s::text IS NULL OR p.merchant_id = %(merchant_id)s),
       p.instructed_on + %(payment_days)s::int <= %(bank_until)s
       OR COALESCE(p.confirmed_position <= %(position)s AND p.confirmed_on <= %(bank_until)s, false),
       COALESCE(p.returned_on <= %(bank_until)s, false)
  FROM reconciliation.payouts p
  CROSS JOIN LATERAL (
       SELECT COALESCE(p.statement_on >= %(starts_on)s AND p.statement_on < %(ends_on)s, false) AS statement_is_in,
              p.instructed_on >= %(starts_on)s AND p.instructed_on < %(ends_on)s AS instructed_is_in
       ) s
 WHERE p.programme_id = %(programme_id)s AND p.position <= %(position)s

-- name_bank_rows: rule 1; rows by the payout that they name, and those beyond what the ledger expects
INSERT INTO run_bank_rows (
    rank, file_no, row_no, own_reference, payout_id, value_fen, fee_fen, happened_on, is_in, is_debit, extra,
    is_parts, is_taken_back
)
SELECT t.rank, t.file_no, t.row_no, t.own_reference, p.payout_id, t.value_fen, t.fee_fen, t.happened_on, t.is_in,
       t.value_fen < 0,
       row_number() OVER (
           PARTITION BY p.payout_id, t.value_fen < 0
               ORDER BY abs(t.value_fen) <> p.value_fen, t.happened_on, t.rank, t.row_no
       ) - CASE WHEN t.value_fen < 0 AND p.is_failed THEN 0
                WHEN t.value_fen > 0 AND p.returned_position IS NULL THEN 0
                ELSE 1 END,
       count(*) OVER same > 1 AND abs(sum(t.value_fen) OVER same) = p.value_fen AND NOT p.is_failed
       AND (t.value_fen < 0 OR p.returned_position IS NOT NULL)
       AND bool_and(abs(t.value_fen) <> p.value_fen) OVER same,
       false
  FROM run_told_rows t
  JOIN run_payouts p ON p.payout_id = t.reference
 WHERE t.relation = 'bank' AND t.value_fen <> 0 AND t.is_final
WINDOW same AS (PARTITION BY p.payout_id, t.value_fen < 0)

-- take_back: a row beyond what is expected and one that takes it back, both at the bank, are nothing together
UPDATE run_bank_rows b
   SET is_taken_back = true
  FROM run_bank_rows o
 WHERE o.payout_id = b.payout_id AND o.extra = b.extra AND o.is_debit <> b.is_debit
   AND o.value_fen = -b.value_fen AND b.extra > 0 AND NOT b.is_parts AND NOT o.is_parts

-- pair_bank_rows: a row is the payout that it names, or its return
INSERT INTO run_pairs (
    relation, rule, code, merchant_id, kind, reference, own_reference, item, item_fen, item_fee_fen, item_on,
    position, rank, file_no, row_no, row_fen, row_fee_fen, row_on, item_counts, row_counts, scope_on
)
SELECT 'bank', CASE WHEN b.is_taken_back THEN 'taken_back' WHEN b.is_parts THEN 'parts' ELSE 'reference' END,
       CASE WHEN NOT b.is_taken_back AND NOT b.is_parts AND abs(b.value_fen) <> p.value_fen
            THEN 'amount_differs' END,
       p.merchant_id,
       CASE WHEN b.is_taken_back THEN 'taken_back' WHEN b.is_debit THEN 'payment' ELSE 'return' END,
       b.payout_id, b.own_reference, b.payout_id,
       CASE WHEN b.is_taken_back THEN 0 WHEN b.is_debit THEN -p.value_fen ELSE p.value_fen END, 0,
       CASE WHEN b.is_debit THEN p.instructed_on ELSE p.returned_on END,
       CASE WHEN b.is_debit THEN p.position ELSE p.returned_position END,
       b.rank, b.file_no, b.row_no, b.value_fen, b.fee_fen, b.happened_on,
       b.extra = 0 AND NOT b.is_taken_back, true, p.scope_on
  FROM run_bank_rows b
  JOIN run_payouts p ON p.payout_id = b.payout_id
 WHERE p.in_scope AND (b.extra = 0 OR b.is_parts OR b.is_taken_back)

-- break_bank_rows: rows that name a payout and are more than the ledger knows of
INSERT INTO run_found (
    code, relation, kind, merchant_id, reference, own_reference, item, item_fen, item_fee_fen, item_on,
    position, rank, file_no, row_no, row_fen, row_fee_fen, row_on, item_counts, row_counts, scope_on, is_pair
)
SELECT CASE WHEN NOT b.is_debit THEN 'refund_unmatched'
            WHEN p.is_failed AND b.extra = 1 THEN 'missing_in_ledger'
            ELSE 'duplicate' END,
       'bank', CASE WHEN b.is_debit THEN 'payment' ELSE 'return' END, p.merchant_id, b.payout_id,
       b.own_reference, b.payout_id, -p.value_fen, 0, p.instructed_on, p.position,
       b.rank, b.file_no, b.row_no, b.value_fen, b.fee_fen, b.happened_on, false, true,
       CASE WHEN p.in_scope THEN p.scope_on ELSE b.happened_on END, false
  FROM run_bank_rows b
  JOIN run_payouts p ON p.payout_id = b.payout_id
 WHERE b.extra > 0 AND NOT b.is_parts AND NOT b.is_taken_back
   AND (p.in_scope OR (b.is_in AND %(merchant_id)s::text IS NULL))

-- free_payouts: payouts that no row names, and returns of those that one does
INSERT INTO run_free_items (
    relation, merchant_id, kind, item, sums_as, position, item_on, scope_on, store_id, value_fen, fee_fen, is_due
)
SELECT 'bank', p.merchant_id, 'payment', p.payout_id, p.statement_id, p.position, p.instructed_on, p.scope_on,
       NULL, -p.value_fen, 0, p.is_due
  FROM run_payouts p
 WHERE p.in_scope AND NOT p.is_failed
   AND NOT EXISTS (SELECT FROM run_pairs q WHERE q.relation = 'bank' AND q.item = p.payout_id AND q.kind = 'payment')
UNION ALL
SELECT 'bank', p.merchant_id, 'return', p.payout_id, NULL, p.returned_position, p.returned_on, p.scope_on,
       NULL, p.value_fen, 0, p.return_is_due
  FROM run_payouts p
 WHERE p.in_scope AND p.returned_position IS NOT NULL
   AND EXISTS (SELECT FROM run_pairs q WHERE q.relation = 'bank' AND q.item = p.payout_id AND q.kind = 'payment')
   AND NOT EXISTS (SELECT FROM run_pairs q WHERE q.relation = 'bank' AND q.item = p.payout_id AND q.kind = 'return')

-- free_bank_rows: payments and reversals from the period on that name no payout; other money in is no concern
INSERT INTO run_free_rows (
    relation, rank, file_no, row_no, merchant_id, kind, reference, own_reference, value_fen, fee_fen,
    happened_on, store_id, part_of, is_in
)
SELECT 'bank', t.rank, t.file_no, t.row_no, NULL, CASE WHEN t.value_fen < 0 THEN 'payment' ELSE 'return' END,
       t.reference, t.own_reference, t.value_fen, t.fee_fen, t.happened_on, NULL, t.part_of, t.is_in
  FROM run_told_rows t
 WHERE t.relation = 'bank' AND t.is_final AND t.happened_on >= %(starts_on)s
   AND (t.value_fen < 0 OR (t.value_fen > 0 AND t.is_reversal))
   AND NOT EXISTS (SELECT FROM run_payouts p WHERE p.payout_id = t.reference)
