-- Holding what the settlement view says about merchants' money against itself, accounts and registers.

-- view_position: how far the view has come
SELECT COALESCE(max(position), 0) FROM tracking WHERE programme_id = %(programme_id)s AND view_name = %(view_name)s

-- topic: of the event at a position
SELECT topic FROM events WHERE programme_id = %(programme_id)s AND position = %(position)s

-- statements: by merchant and period, with the funds of their lines
SELECT s.merchant_id, s.statement_id, s.number, s.starts_on, s.ends_on, s.objection_days, s.uses,
       s.used_face_value_fen, s.used_fee_fen, s.refunds, s.refunded_face_value_fen, s.refunded_fee_fen,
       s.amendments, s.amended_fen, s.carried_in_fen, s.total_fen, s.due_fen, s.carried_out_fen, s.lines_digest,
       s.digest, s.position, f.fund_ids, f.face_value_fen, f.fee_fen
  FROM settlement_statements s
 CROSS JOIN LATERAL (
        SELECT COALESCE(array_agg(o.fund_id ORDER BY o.fund_id), '{}') AS fund_ids,
               COALESCE(array_agg(o.face_value_fen ORDER BY o.fund_id), '{}') AS face_value_fen,
               COALESCE(array_agg(o.fee_fen ORDER BY o.fund_id), '{}') AS fee_fen
          FROM settlement_statement_funds o
         WHERE o.programme_id = s.programme_id AND o.statement_id = s.statement_id AND o.has_lines
       ) f
 WHERE s.programme_id = %(programme_id)s
 ORDER BY s.merchant_id, s.ends_on, s.statement_id

-- lines: all of them, by merchant, day and position
SELECT merchant_id, local_day, position, kind, redemption_id, face_value_fen, fee_fen
  FROM settlement_lines
 WHERE programme_id = %(programme_id)s
 ORDER BY merchant_id, local_day, position

-- unsettled: what decisions know of each merchant, by its id
SELECT key, value FROM registers WHERE programme_id = %(programme_id)s AND register = %(register)s ORDER BY key

-- unsettled_days: the same of days that are over; the key begins with the merchant and a line feed
SELECT split_part(key, E'\n', 1), split_part(key, E'\n', 2), value
  FROM registers
 WHERE programme_id = %(programme_id)s AND register = %(register)s
 ORDER BY key

-- payables: what each merchant has earned and is in no statement, by accounts
SELECT split_part(account, ':', 2), amount
  FROM balances
 WHERE programme_id = %(programme_id)s AND asset = 'CNY'
   AND account >= 'merchant:' AND account < 'merchant;' AND account LIKE 'merchant:%%:payable'

-- payouts: statements of which the parts are not what their disputes, payouts and funds come to
SELECT s.statement_id, s.position,
       jsonb_build_object('held_back_fen', d.held_back_fen, 'moved_fen', d.moved_fen,
                          'paid_fen', p.paid_fen, 'under_way_fen', p.under_way_fen,
                          'due_fen', f.due_fen, 'carried_out_fen', f.carried_out_fen,
                          'is_settled', s.approved_at IS NOT NULL AND d.open = 0 AND p.under_way_fen = 0
                                        AND d.moved_fen + p.paid_fen = s.due_fen),
       jsonb_build_object('held_back_fen', s.held_back_fen, 'moved_fen', s.moved_fen,
                          'paid_fen', s.paid_fen, 'under_way_fen', s.under_way_fen,
                          'due_fen', s.due_fen, 'carried_out_fen', s.carried_out_fen,
                          'is_settled', s.status = 'settled')
  FROM settlement_statements s
 CROSS JOIN LATERAL (
        SELECT COALESCE(sum(o.held_back_fen) FILTER (WHERE o.outcome IS NULL), 0)::bigint AS held_back_fen,
               COALESCE(sum(o.held_back_fen) FILTER (WHERE o.outcome = 'amended'), 0)::bigint AS moved_fen,
               count(*) FILTER (WHERE o.outcome IS NULL) AS open
          FROM settlement_disputes o
         WHERE o.programme_id = s.programme_id AND o.statement_id = s.statement_id
       ) d
 CROSS JOIN LATERAL (
        SELECT COALESCE(sum(o.value_fen) FILTER (WHERE o.status = 'confirmed'), 0)::bigint AS paid_fen,
               COALESCE(sum(o.value_fen) FILTER (WHERE o.status = 'instructed'), 0)::bigint AS under_way_fen
          FROM settlement_payouts o
         WHERE o.programme_id = s.programme_id AND o.statement_id = s.statement_id
       ) p
 CROSS JOIN LATERAL (
        SELECT COALESCE(sum(o.due_fen - o.evened_fen), 0)::bigint AS due_fen,
               COALESCE(sum(o.carried_out_fen), 0)::bigint AS carried_out_fen
          FROM settlement_statement_funds o
         WHERE o.programme_id = s.programme_id AND o.statement_id = s.statement_id
       ) f
 WHERE s.programme_id = %(programme_id)s
   AND (d.held_back_fen, d.moved_fen, p.paid_fen, p.under_way_fen, f.due_fen, f.carried_out_fen)
       IS DISTINCT FROM
       (s.held_back_fen, s.moved_fen, s.paid_fen, s.under_way_fen, s.due_fen, s.carried_out_fen)
    OR s.programme_id = %(programme_id)s
   AND (s.status = 'settled') <> (s.approved_at IS NOT NULL AND d.open = 0 AND p.under_way_fen = 0
                                  AND d.moved_fen + p.paid_fen = s.due_fen)
 ORDER BY s.statement_id

-- shares: payouts and disputes that their funds do not sum to, or that are of no statement
SELECT 'settlement_payouts', p.payout_id, p.position, p.value_fen,
       (SELECT COALESCE(sum(share), 0)::bigint FROM unnest(p.share_fen) AS u (share)), s.statement_id IS NOT NULL
  FROM settlement_payouts p
  LEFT JOIN settlement_statements s ON s.programme_id = p.programme_id AND s.statement_id = p.statement_id
 WHERE p.programme_id = %(programme_id)s
   AND (s.statement_id IS NULL
        OR p.value_fen <> (SELECT COALESCE(sum(share), 0) FROM unnest(p.share_fen) AS u (share)))
 UNION ALL
SELECT 'settlement_disputes', concat_ws(' ', d.statement_id, d.kind, d.redemption_id), d.position, d.held_back_fen,
       (SELECT COALESCE(sum(share), 0)::bigint FROM unnest(d.share_fen) AS u (share)), s.statement_id IS NOT NULL
  FROM settlement_disputes d
  LEFT JOIN settlement_statements s ON s.programme_id = d.programme_id AND s.statement_id = d.statement_id
 WHERE d.programme_id = %(programme_id)s
   AND (s.statement_id IS NULL
        OR d.held_back_fen <> (SELECT COALESCE(sum(share), 0) FROM unnest(d.share_fen) AS u (share)))
 ORDER BY 1, 2

-- merchants: accounts of merchants that statements do not come to
SELECT COALESCE(b.account, v.account), COALESCE(b.amount, 0), COALESCE(v.amount, 0)
  FROM (SELECT account, amount
          FROM balances
         WHERE programme_id = %(programme_id)s AND asset = 'CNY'
           AND account >= 'merchant:' AND account < 'merchant;'
           AND (account LIKE 'merchant:%%:settling' OR account LIKE 'merchant:%%:paid')) b
  FULL JOIN (SELECT 'merchant:' || merchant_id || ':' || place AS account, sum(amount)::bigint AS amount
               FROM settlement_statements
              CROSS JOIN LATERAL (VALUES ('settling', due_fen - moved_fen - paid_fen), ('paid', paid_fen))
                    AS places (place, amount)
              WHERE programme_id = %(programme_id)s
              GROUP BY merchant_id, place) v ON v.account COLLATE "C" = b.account
 WHERE COALESCE(b.amount, 0) <> COALESCE(v.amount, 0)
 ORDER BY 1

-- funds: accounts of funds, and sums over all funds, that the view does not come to
SELECT COALESCE(b.account, v.account), COALESCE(b.amount, 0), COALESCE(v.amount, 0)
  FROM (SELECT account, amount
          FROM balances
         WHERE programme_id = %(programme_id)s AND asset = 'CNY' AND account >= 'fund:' AND account < 'fund;'
         UNION ALL
        SELECT 'merchants ' || split_part(account, ':', 3), sum(amount)::bigint
          FROM balances
         WHERE programme_id = %(programme_id)s AND asset = 'CNY' AND account >= 'merchant:' AND account < 'merchant;'
         GROUP BY split_part(account, ':', 3)
         UNION ALL
        SELECT account, amount
          FROM balances
         WHERE programme_id = %(programme_id)s AND asset = 'CNY' AND account = 'fees'
         UNION ALL
        SELECT 'sponsors', -sum(amount)::bigint
          FROM balances
         WHERE programme_id = %(programme_id)s AND asset = 'CNY' AND account >= 'sponsor:' AND account < 'sponsor;'
        HAVING count(*) > 0) b
  FULL JOIN (SELECT 'fund:' || fund_id || ':' || place AS account, amount
               FROM settlement_funds
              CROSS JOIN LATERAL (VALUES ('available', available_fen), ('encumbered', encumbered_fen),
                                         ('backing', backing_fen), ('recoverable', recoverable_fen))
                    AS places (place, amount)
              WHERE programme_id = %(programme_id)s
              UNION ALL
             SELECT place, sum(amount)::bigint
               FROM settlement_funds
              CROSS JOIN LATERAL (VALUES ('merchants payable', payable_fen), ('merchants settling', settling_fen),
                                         ('merchants paid', paid_fen), ('fees', fees_fen),
                                         ('sponsors', committed_fen))
                    AS places (place, amount)
              WHERE programme_id = %(programme_id)s
              GROUP BY place) v ON v.account COLLATE "C" = b.account
 WHERE COALESCE(b.amount, 0) <> COALESCE(v.amount, 0)
 ORDER BY 1
