-- Reading the settlement view. A period is half-open, in the programme's local days.

-- merchants: what lines of a period come to, merchant by merchant
SELECT merchant_id, sum(uses)::bigint, sum(used_face_value_fen)::bigint, sum(used_fee_fen)::bigint,
       sum(refunds)::bigint, sum(refunded_face_value_fen)::bigint, sum(refunded_fee_fen)::bigint,
       sum(amendments)::bigint, sum(amended_fen)::bigint
  FROM settlement_days
 WHERE programme_id = %(programme_id)s AND merchant_id > %(after)s
   AND local_day >= %(begin)s AND local_day < %(end)s
 GROUP BY merchant_id
 ORDER BY merchant_id
 LIMIT %(limit)s

-- merchant: the same of one merchant; no row when it has no line
SELECT merchant_id, sum(uses)::bigint, sum(used_face_value_fen)::bigint, sum(used_fee_fen)::bigint,
       sum(refunds)::bigint, sum(refunded_face_value_fen)::bigint, sum(refunded_fee_fen)::bigint,
       sum(amendments)::bigint, sum(amended_fen)::bigint
  FROM settlement_days
 WHERE programme_id = %(programme_id)s AND merchant_id = %(merchant_id)s
   AND local_day >= %(begin)s AND local_day < %(end)s
 GROUP BY merchant_id

-- shares: what each fund bears of these sums
SELECT merchant_id, fund_id, sum(face_value_fen)::bigint, sum(fee_fen)::bigint
  FROM settlement_fund_days
 WHERE programme_id = %(programme_id)s AND merchant_id = ANY (%(merchant_ids)s)
   AND local_day >= %(begin)s AND local_day < %(end)s
 GROUP BY merchant_id, fund_id
 ORDER BY merchant_id, fund_id

-- lines: the next lines of a merchant in a period, as they stood at a position
SELECT l.kind, l.local_day, l.position, l.face_value_fen, l.fee_fen, l.occurred_at, l.recorded_at,
       l.fund_ids, l.share_fen, l.share_fee_fen,
       r.redemption_id, r.merchant_id, r.participant_id, r.offer_id, r.store_id, r.status,
       r.credits, r.face_value_fen, r.fee_fen, r.fund_ids, r.share_fen, r.share_fee_fen, r.deadline_at,
       r.held_position, r.held_occurred_at, r.held_recorded_at,
       r.fulfilled_position, r.fulfilled_occurred_at, r.fulfilled_recorded_at,
       r.reversed_position, r.reversed_occurred_at, r.reversed_recorded_at
  FROM settlement_lines l
  JOIN settlement_redemptions r
    ON r.programme_id = l.programme_id AND r.redemption_id = l.redemption_id
 WHERE l.programme_id = %(programme_id)s AND l.merchant_id = %(merchant_id)s
   AND l.local_day >= %(begin)s AND l.local_day < %(end)s
   AND (l.local_day, l.position) > (%(after_day)s, %(after_position)s)
   AND l.position <= %(until)s
 ORDER BY l.local_day, l.position
 LIMIT %(limit)s

-- redemption: one redemption
SELECT r.redemption_id, r.merchant_id, r.participant_id, r.offer_id, r.store_id, r.status,
       r.credits, r.face_value_fen, r.fee_fen, r.fund_ids, r.share_fen, r.share_fee_fen, r.deadline_at,
       r.held_position, r.held_occurred_at, r.held_recorded_at,
       r.fulfilled_position, r.fulfilled_occurred_at, r.fulfilled_recorded_at,
       r.reversed_position, r.reversed_occurred_at, r.reversed_recorded_at
  FROM settlement_redemptions r
 WHERE r.programme_id = %(programme_id)s AND r.redemption_id = %(redemption_id)s

-- fund: where one fund's money is
SELECT committed_fen, available_fen, encumbered_fen, payable_fen, fees_fen, paid_fen, backing_fen,
       recoverable_fen, settling_fen
  FROM settlement_funds
 WHERE programme_id = %(programme_id)s AND fund_id = %(fund_id)s
