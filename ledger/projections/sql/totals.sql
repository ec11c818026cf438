-- Writing the totals view.

-- add_flows: legs by day, topic, asset and place
INSERT INTO totals_flows AS t (programme_id, local_day, topic, asset, place, units_in, units_out, position)
SELECT %(programme_id)s, a.local_day::date, a.topic, a.asset, a.place, a.units_in, a.units_out, a.position
  FROM unnest(%(local_days)s, %(topics)s, %(assets)s, %(places)s, %(sums_1)s, %(sums_2)s, %(sums_3)s)
       AS a (local_day, topic, asset, place, units_in, units_out, position)
    ON CONFLICT (programme_id, local_day, topic, asset, place)
    DO UPDATE SET units_in = t.units_in + excluded.units_in,
                  units_out = t.units_out + excluded.units_out,
                  position = excluded.position

-- add_lots: credits by place and lot
INSERT INTO totals_lots AS t (programme_id, place, lot, credits, position)
SELECT %(programme_id)s, a.place, a.lot::date, a.credits, a.position
  FROM unnest(%(places)s, %(lots)s, %(sums_1)s, %(sums_2)s) AS a (place, lot, credits, position)
    ON CONFLICT (programme_id, place, lot)
    DO UPDATE SET credits = t.credits + excluded.credits, position = excluded.position

-- add_activities: activities by day, scenario and verdict
INSERT INTO totals_activities AS t (
    programme_id, local_day, scenario_id, verdict, activities, amount_g, credits, position
)
SELECT %(programme_id)s, a.local_day::date, a.scenario_id, a.verdict, a.activities, a.amount_g, a.credits, a.position
  FROM unnest(%(local_days)s, %(scenario_ids)s, %(verdicts)s, %(sums_1)s, %(sums_2)s, %(sums_3)s, %(sums_4)s)
       AS a (local_day, scenario_id, verdict, activities, amount_g, credits, position)
    ON CONFLICT (programme_id, local_day, scenario_id, verdict)
    DO UPDATE SET activities = t.activities + excluded.activities,
                  amount_g = t.amount_g + excluded.amount_g,
                  credits = t.credits + excluded.credits,
                  position = excluded.position

-- add_bonuses: credits of campaigns by the day of the act
INSERT INTO totals_bonuses AS t (programme_id, local_day, campaign_id, scenario_id, credits, position)
SELECT %(programme_id)s, a.local_day::date, a.campaign_id, a.scenario_id, a.credits, a.position
  FROM unnest(%(local_days)s, %(campaign_ids)s, %(scenario_ids)s, %(sums_1)s, %(sums_2)s)
       AS a (local_day, campaign_id, scenario_id, credits, position)
    ON CONFLICT (programme_id, local_day, campaign_id, scenario_id)
    DO UPDATE SET credits = t.credits + excluded.credits, position = excluded.position

-- add_people: who joined and who was active, by day and month
INSERT INTO totals_people AS t (programme_id, period, begins_on, joined, active, position)
SELECT %(programme_id)s, a.period, a.begins_on::date, a.joined, a.active, a.position
  FROM unnest(%(periods)s, %(begins_on)s, %(sums_1)s, %(sums_2)s, %(sums_3)s)
       AS a (period, begins_on, joined, active, position)
    ON CONFLICT (programme_id, period, begins_on)
    DO UPDATE SET joined = t.joined + excluded.joined,
                  active = t.active + excluded.active,
                  position = excluded.position

-- add_funds: what was committed, promised, returned and set aside for credits by fund and day
INSERT INTO totals_funds AS t (
    programme_id, fund_id, local_day, committed_fen, encumbered_fen, returned_fen, backed_fen, position
)
SELECT %(programme_id)s, a.fund_id, a.local_day::date, a.committed_fen, a.encumbered_fen, a.returned_fen,
       a.backed_fen, a.position
  FROM unnest(%(fund_ids)s, %(local_days)s, %(sums_1)s, %(sums_2)s, %(sums_3)s, %(sums_4)s, %(sums_5)s)
       AS a (fund_id, local_day, committed_fen, encumbered_fen, returned_fen, backed_fen, position)
    ON CONFLICT (programme_id, fund_id, local_day)
    DO UPDATE SET committed_fen = t.committed_fen + excluded.committed_fen,
                  encumbered_fen = t.encumbered_fen + excluded.encumbered_fen,
                  returned_fen = t.returned_fen + excluded.returned_fen,
                  backed_fen = t.backed_fen + excluded.backed_fen,
                  position = excluded.position

-- active: on which days of a month participants were active
SELECT participant_id, days
  FROM totals_active
 WHERE programme_id = %(programme_id)s AND participant_id = ANY (%(participant_ids)s)
   AND local_month = %(local_month)s

-- set_active: participants' months with all their days
INSERT INTO totals_active AS t (programme_id, participant_id, local_month, days, position)
SELECT %(programme_id)s, a.participant_id, %(local_month)s, a.days, a.position
  FROM unnest(%(participant_ids)s, %(days)s, %(positions)s) AS a (participant_id, days, position)
    ON CONFLICT (programme_id, participant_id, local_month)
    DO UPDATE SET days = excluded.days, position = excluded.position

-- add_participants: those of the participants named who were never seen
INSERT INTO totals_participants (programme_id, participant_id, position)
SELECT %(programme_id)s, a.participant_id, a.position
  FROM unnest(%(participant_ids)s, %(positions)s) AS a (participant_id, position)
    ON CONFLICT (programme_id, participant_id) DO NOTHING
RETURNING participant_id

-- forget_active: take erased participants out
DELETE FROM totals_active
 WHERE programme_id = %(programme_id)s AND participant_id = ANY (%(participant_ids)s)

-- forget_participants: take erased participants out
DELETE FROM totals_participants
 WHERE programme_id = %(programme_id)s AND participant_id = ANY (%(participant_ids)s)
