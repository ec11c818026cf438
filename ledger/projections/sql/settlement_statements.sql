-- Writing and reading statements, their funds, disputes and payouts; columns in the order of their rows.

-- statements: those named, as they stand
SELECT statement_id, number, merchant_id, starts_on, ends_on, status, uses, used_face_value_fen, used_fee_fen,
       refunds, refunded_face_value_fen, refunded_fee_fen, amendments, amended_fen, carried_in_fen, total_fen,
       due_fen, carried_out_fen, held_back_fen, moved_fen, paid_fen, under_way_fen, lines_digest, digest,
       objection_days, objections_until, issued_at, issued_by, approved_at, approved_by, is_early, settled_at,
       position
  FROM settlement_statements
 WHERE programme_id = %(programme_id)s AND statement_id = ANY (%(statement_ids)s)
 ORDER BY statement_id

-- funds: what each fund bears of the statements named
SELECT statement_id, fund_id, has_lines, face_value_fen, fee_fen, carried_in_fen, due_fen, carried_out_fen,
       evened_fen, position
  FROM settlement_statement_funds
 WHERE programme_id = %(programme_id)s AND statement_id = ANY (%(statement_ids)s)
 ORDER BY statement_id, fund_id

-- disputes: of the statements named, in the order in which they began
SELECT statement_id, kind, redemption_id, merchant_id, reason, earned_fen, held_back_fen, fund_ids, share_fen,
       opened_position, opened_at, opened_by, outcome, resolution, amended_fen, amendment_fen,
       resolved_at, resolved_by, position
  FROM settlement_disputes
 WHERE programme_id = %(programme_id)s AND statement_id = ANY (%(statement_ids)s)
 ORDER BY statement_id, opened_position

-- payouts: of the statements named, in the order in which they were instructed
SELECT payout_id, statement_id, merchant_id, value_fen, status, fund_ids, share_fen, instructed_at,
       instructed_by, confirmed_at, bank_reference, ended_at, ended_by, reason, position
  FROM settlement_payouts
 WHERE programme_id = %(programme_id)s AND statement_id = ANY (%(statement_ids)s)
 ORDER BY statement_id, instructed_at, payout_id

-- carried: what the latest statement of each merchant named carried out, by fund
SELECT m.merchant_id, f.fund_id, f.carried_out_fen
  FROM unnest(%(merchant_ids)s) AS m (merchant_id)
 CROSS JOIN LATERAL (SELECT s.statement_id
                       FROM settlement_statements s
                      WHERE s.programme_id = %(programme_id)s AND s.merchant_id = m.merchant_id COLLATE "C"
                      ORDER BY s.ends_on DESC
                      LIMIT 1) AS latest
  JOIN settlement_statement_funds f
    ON f.programme_id = %(programme_id)s AND f.statement_id = latest.statement_id
 WHERE f.carried_out_fen <> 0

-- drop_statements: rows of statements that are written anew
DELETE FROM settlement_statements
 WHERE programme_id = %(programme_id)s AND statement_id = ANY (%(statement_ids)s)

-- drop_funds: rows of funds that are written anew
DELETE FROM settlement_statement_funds AS f
 USING unnest(%(statement_ids)s, %(fund_ids)s) AS d (statement_id, fund_id)
 WHERE f.programme_id = %(programme_id)s
   AND f.statement_id = d.statement_id COLLATE "C" AND f.fund_id = d.fund_id COLLATE "C"

-- drop_disputes: rows of disputes that are written anew
DELETE FROM settlement_disputes AS o
 USING unnest(%(statement_ids)s, %(kinds)s, %(redemption_ids)s) AS d (statement_id, kind, redemption_id)
 WHERE o.programme_id = %(programme_id)s AND o.statement_id = d.statement_id COLLATE "C"
   AND o.kind = d.kind COLLATE "C" AND o.redemption_id = d.redemption_id COLLATE "C"

-- drop_payouts: rows of payouts that are written anew
DELETE FROM settlement_payouts
 WHERE programme_id = %(programme_id)s AND payout_id = ANY (%(payout_ids)s)

-- copy_statements: statements, as they stand
COPY settlement_statements (
    programme_id, statement_id, number, merchant_id, starts_on, ends_on, status, uses, used_face_value_fen,
    used_fee_fen, refunds, refunded_face_value_fen, refunded_fee_fen, amendments, amended_fen, carried_in_fen,
    total_fen, due_fen, carried_out_fen, held_back_fen, moved_fen, paid_fen, under_way_fen, lines_digest, digest,
    objection_days, objections_until, issued_at, issued_by, approved_at, approved_by, is_early, settled_at,
    position
) FROM STDIN (FORMAT BINARY)

-- copy_funds: what each fund bears of statements
COPY settlement_statement_funds (
    programme_id, statement_id, fund_id, has_lines, face_value_fen, fee_fen, carried_in_fen, due_fen,
    carried_out_fen, evened_fen, position
) FROM STDIN (FORMAT BINARY)

-- copy_disputes: disputes, as they stand
COPY settlement_disputes (
    programme_id, statement_id, kind, redemption_id, merchant_id, reason, earned_fen, held_back_fen, fund_ids,
    share_fen, opened_position, opened_at, opened_by, outcome, resolution, amended_fen, amendment_fen,
    resolved_at, resolved_by, position
) FROM STDIN (FORMAT BINARY)

-- copy_payouts: payouts, as they stand
COPY settlement_payouts (
    programme_id, payout_id, statement_id, merchant_id, value_fen, status, fund_ids, share_fen, instructed_at,
    instructed_by, confirmed_at, bank_reference, ended_at, ended_by, reason, position
) FROM STDIN (FORMAT BINARY)

-- page: the next statements, by id
SELECT statement_id, number, merchant_id, starts_on, ends_on, status, uses, used_face_value_fen, used_fee_fen,
       refunds, refunded_face_value_fen, refunded_fee_fen, amendments, amended_fen, carried_in_fen, total_fen,
       due_fen, carried_out_fen, held_back_fen, moved_fen, paid_fen, under_way_fen, lines_digest, digest,
       objection_days, objections_until, issued_at, issued_by, approved_at, approved_by, is_early, settled_at,
       position
  FROM settlement_statements
 WHERE programme_id = %(programme_id)s AND statement_id > %(after)s
   AND (%(merchant_id)s::text IS NULL OR merchant_id = %(merchant_id)s)
   AND (%(status)s::text IS NULL OR status = %(status)s)
   AND ends_on >= %(ends_from)s AND ends_on < %(ends_to)s
 ORDER BY statement_id
 LIMIT %(limit)s

-- page_payouts: the next payouts, by id
SELECT payout_id, statement_id, merchant_id, value_fen, status, fund_ids, share_fen, instructed_at,
       instructed_by, confirmed_at, bank_reference, ended_at, ended_by, reason, position
  FROM settlement_payouts
 WHERE programme_id = %(programme_id)s AND payout_id > %(after)s
   AND (%(status)s::text IS NULL OR status = %(status)s)
 ORDER BY payout_id
 LIMIT %(limit)s

-- lines: the next lines of a statement, with whether each is disputed and waits
SELECT l.position, l.kind, l.local_day,
       COALESCE(l.recorded_at,
                CASE l.kind WHEN 'use' THEN r.fulfilled_recorded_at ELSE r.reversed_recorded_at END),
       l.redemption_id, r.offer_id, r.store_id, l.face_value_fen, l.fee_fen,
       EXISTS (SELECT FROM settlement_disputes d
                WHERE d.programme_id = l.programme_id AND d.statement_id = %(statement_id)s
                  AND d.kind = l.kind AND d.redemption_id = l.redemption_id AND d.outcome IS NULL)
  FROM settlement_lines l
  JOIN settlement_redemptions r
    ON r.programme_id = l.programme_id AND r.redemption_id = l.redemption_id
 WHERE l.programme_id = %(programme_id)s AND l.merchant_id = %(merchant_id)s
   AND l.local_day >= %(begin)s AND l.local_day < %(end)s
   AND (l.local_day, l.position) > (%(after_day)s, %(after_position)s)
 ORDER BY l.local_day, l.position
 LIMIT %(limit)s
