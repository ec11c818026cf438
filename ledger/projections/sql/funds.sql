-- Writing and reading the funds view.

-- move: what went in or out of a fund
INSERT INTO fund_movements (
    programme_id, fund_id, position, movement, value_fen, sponsor_id, other_fund_id,
    proposal_id, proposed_by, approved_by, occurred_at, recorded_at
)
VALUES (%(programme_id)s, %(fund_id)s, %(position)s, %(movement)s, %(value_fen)s, %(sponsor_id)s,
        %(other_fund_id)s, %(proposal_id)s, %(proposed_by)s, %(approved_by)s, %(occurred_at)s, %(recorded_at)s)

-- propose: a proposal
INSERT INTO fund_proposals (
    programme_id, proposal_id, status, movement, fund_id, to_fund_id, sponsor_id, value_fen, reference,
    lapses_at, proposed_position, proposed_by, proposed_at, position
)
VALUES (%(programme_id)s, %(proposal_id)s, 'proposed', %(movement)s, %(fund_id)s, %(to_fund_id)s,
        %(sponsor_id)s, %(value_fen)s, %(reference)s, %(lapses_at)s, %(position)s, %(by)s, %(recorded_at)s,
        %(position)s)

-- end_proposal: what became of a proposal
UPDATE fund_proposals
   SET status = %(status)s, decided_by = %(by)s, decided_at = %(recorded_at)s, reason = %(reason)s,
       position = %(position)s
 WHERE programme_id = %(programme_id)s AND proposal_id = %(proposal_id)s

-- raise_alarm: an alarm
INSERT INTO fund_alarms (
    programme_id, fund_id, raised_position, threshold_fen, raised_at, raised_available_fen, position
)
VALUES (%(programme_id)s, %(fund_id)s, %(position)s, %(threshold_fen)s, %(recorded_at)s, %(available_fen)s,
        %(position)s)

-- clear_alarm: money that rose again
UPDATE fund_alarms
   SET cleared_position = %(position)s, cleared_at = %(recorded_at)s,
       cleared_available_fen = %(available_fen)s, position = %(position)s
 WHERE programme_id = %(programme_id)s AND fund_id = %(fund_id)s AND threshold_fen = %(threshold_fen)s
   AND cleared_position IS NULL

-- end_alarms: alarms whose thresholds were given up
UPDATE fund_alarms
   SET cleared_position = %(position)s, cleared_at = %(recorded_at)s, position = %(position)s
 WHERE programme_id = %(programme_id)s AND fund_id = %(fund_id)s
   AND NOT threshold_fen = ANY (%(thresholds_fen)s::bigint[])
   AND cleared_position IS NULL

-- movements: what went in and out of a fund, the newest first, before a position
SELECT position, movement, value_fen, sponsor_id, other_fund_id, proposal_id, proposed_by, approved_by,
       occurred_at, recorded_at
  FROM fund_movements
 WHERE programme_id = %(programme_id)s AND fund_id = %(fund_id)s AND position < %(before)s
 ORDER BY position DESC
 LIMIT %(limit)s

-- proposals: proposals, the newest first, before a position; of one fund, or of all; those open at an instant, or all
SELECT proposal_id, status, movement, fund_id, to_fund_id, sponsor_id, value_fen, reference, lapses_at,
       proposed_position, proposed_by, proposed_at, decided_by, decided_at, reason
  FROM fund_proposals
 WHERE programme_id = %(programme_id)s AND proposed_position < %(before)s
   AND (%(fund_id)s::text IS NULL OR fund_id = %(fund_id)s OR to_fund_id = %(fund_id)s)
   AND (%(open_at)s::timestamptz IS NULL OR (status = 'proposed' AND lapses_at > %(open_at)s))
 ORDER BY proposed_position DESC
 LIMIT %(limit)s

-- alarms: alarms of a fund, the newest first, before a position
SELECT raised_position, threshold_fen, raised_at, raised_available_fen, cleared_position, cleared_at,
       cleared_available_fen
  FROM fund_alarms
 WHERE programme_id = %(programme_id)s AND fund_id = %(fund_id)s AND raised_position < %(before)s
 ORDER BY raised_position DESC
 LIMIT %(limit)s
