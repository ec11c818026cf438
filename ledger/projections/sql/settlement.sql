-- Writing the settlement view.

-- terms: what was fixed at the hold of the redemptions named
SELECT redemption_id, merchant_id, face_value_fen, fee_fen, fund_ids, share_fen, share_fee_fen
  FROM settlement_redemptions
 WHERE programme_id = %(programme_id)s AND redemption_id = ANY (%(redemption_ids)s)

-- copy_redemptions: redemptions that were held
COPY settlement_redemptions (
    programme_id, redemption_id, merchant_id, store_id, offer_id, participant_id, status,
    credits, face_value_fen, fee_fen, fund_ids, share_fen, share_fee_fen, deadline_at,
    held_position, held_occurred_at, held_recorded_at,
    fulfilled_position, fulfilled_occurred_at, fulfilled_recorded_at,
    reversed_position, reversed_occurred_at, reversed_recorded_at, position
) FROM STDIN (FORMAT BINARY)

-- copy_lines: lines of statements
COPY settlement_lines (
    programme_id, merchant_id, local_day, position, kind, redemption_id, face_value_fen, fee_fen,
    fund_ids, share_fen, share_fee_fen, occurred_at, recorded_at
) FROM STDIN (FORMAT BINARY)

-- use: redemptions that were held before, and used now
UPDATE settlement_redemptions AS r
   SET status = 'fulfilled', store_id = NULLIF(u.store_id, ''), fulfilled_position = u.position,
       fulfilled_occurred_at = u.occurred_at, fulfilled_recorded_at = u.recorded_at, position = u.position
  FROM unnest(%(redemption_ids)s, %(store_ids)s, %(occurred_at)s, %(recorded_at)s, %(positions)s)
       AS u (redemption_id, store_id, occurred_at, recorded_at, position)
 WHERE r.programme_id = %(programme_id)s AND r.redemption_id = u.redemption_id COLLATE "C"

-- reverse: redemptions that were held before, and cancelled, released or refunded now
UPDATE settlement_redemptions AS r
   SET status = u.status, reversed_position = u.position,
       reversed_occurred_at = u.occurred_at, reversed_recorded_at = u.recorded_at, position = u.position
  FROM unnest(%(redemption_ids)s, %(statuses)s, %(occurred_at)s, %(recorded_at)s, %(positions)s)
       AS u (redemption_id, status, occurred_at, recorded_at, position)
 WHERE r.programme_id = %(programme_id)s AND r.redemption_id = u.redemption_id COLLATE "C"

-- add_days: sums of lines by merchant and day
INSERT INTO settlement_days AS d (
    programme_id, merchant_id, local_day, uses, used_face_value_fen, used_fee_fen,
    refunds, refunded_face_value_fen, refunded_fee_fen, amendments, amended_fen, position
)
SELECT %(programme_id)s, a.merchant_id, a.local_day::date, a.uses, a.used_face_value_fen, a.used_fee_fen,
       a.refunds, a.refunded_face_value_fen, a.refunded_fee_fen, a.amendments, a.amended_fen, a.position
  FROM unnest(%(merchant_ids)s, %(local_days)s, %(sums_1)s, %(sums_2)s, %(sums_3)s,
              %(sums_4)s, %(sums_5)s, %(sums_6)s, %(sums_7)s, %(sums_8)s, %(sums_9)s)
       AS a (merchant_id, local_day, uses, used_face_value_fen, used_fee_fen,
             refunds, refunded_face_value_fen, refunded_fee_fen, amendments, amended_fen, position)
    ON CONFLICT (programme_id, merchant_id, local_day)
    DO UPDATE SET uses = d.uses + excluded.uses,
                  used_face_value_fen = d.used_face_value_fen + excluded.used_face_value_fen,
                  used_fee_fen = d.used_fee_fen + excluded.used_fee_fen,
                  refunds = d.refunds + excluded.refunds,
                  refunded_face_value_fen = d.refunded_face_value_fen + excluded.refunded_face_value_fen,
                  refunded_fee_fen = d.refunded_fee_fen + excluded.refunded_fee_fen,
                  amendments = d.amendments + excluded.amendments,
                  amended_fen = d.amended_fen + excluded.amended_fen,
                  position = excluded.position

-- add_fund_days: sums of the funds' shares of lines
INSERT INTO settlement_fund_days AS d (
    programme_id, merchant_id, local_day, fund_id, face_value_fen, fee_fen, position
)
SELECT %(programme_id)s, a.merchant_id, a.local_day::date, a.fund_id, a.face_value_fen, a.fee_fen, a.position
  FROM unnest(%(merchant_ids)s, %(local_days)s, %(fund_ids)s, %(sums_1)s, %(sums_2)s, %(sums_3)s)
       AS a (merchant_id, local_day, fund_id, face_value_fen, fee_fen, position)
    ON CONFLICT (programme_id, merchant_id, local_day, fund_id)
    DO UPDATE SET face_value_fen = d.face_value_fen + excluded.face_value_fen,
                  fee_fen = d.fee_fen + excluded.fee_fen,
                  position = excluded.position

-- add_funds: changes of where funds' money is
INSERT INTO settlement_funds AS f (
    programme_id, fund_id, committed_fen, available_fen, encumbered_fen, payable_fen, fees_fen, backing_fen,
    recoverable_fen, settling_fen, paid_fen, position
)
SELECT %(programme_id)s, a.fund_id, a.committed_fen, a.available_fen, a.encumbered_fen, a.payable_fen,
       a.fees_fen, a.backing_fen, a.recoverable_fen, a.settling_fen, a.paid_fen, a.position
  FROM unnest(%(fund_ids)s, %(sums_1)s, %(sums_2)s, %(sums_3)s, %(sums_4)s, %(sums_5)s, %(sums_6)s,
              %(sums_7)s, %(sums_8)s, %(sums_9)s, %(sums_10)s)
       AS a (fund_id, committed_fen, available_fen, encumbered_fen, payable_fen, fees_fen, backing_fen,
             recoverable_fen, settling_fen, paid_fen, position)
    ON CONFLICT (programme_id, fund_id)
    DO UPDATE SET committed_fen = f.committed_fen + excluded.committed_fen,
                  available_fen = f.available_fen + excluded.available_fen,
                  encumbered_fen = f.encumbered_fen + excluded.encumbered_fen,
                  payable_fen = f.payable_fen + excluded.payable_fen,
                  fees_fen = f.fees_fen + excluded.fees_fen,
                  backing_fen = f.backing_fen + excluded.backing_fen,
                  recoverable_fen = f.recoverable_fen + excluded.recoverable_fen,
                  settling_fen = f.settling_fen + excluded.settling_fen,
                  paid_fen = f.paid_fen + excluded.paid_fen,
                  position = excluded.position

-- forget: take erased participants off their redemptions
UPDATE settlement_redemptions AS r
   SET participant_id = NULL, position = GREATEST(r.position, e.position)
  FROM unnest(%(participant_ids)s, %(positions)s) AS e (participant_id, position)
 WHERE r.programme_id = %(programme_id)s AND r.participant_id = e.participant_id COLLATE "C"
