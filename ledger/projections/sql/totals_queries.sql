-- Reading the totals view. Days are the programme's local ones.

-- places: units of each asset in each place at the end of a day
SELECT asset, place, (sum(units_in) - sum(units_out))::bigint
  FROM totals_flows
 WHERE programme_id = %(programme_id)s AND local_day <= %(on)s
 GROUP BY asset, place
 ORDER BY asset, place

-- given: credits that changed hands up to the end of a day
SELECT COALESCE(sum(units_out), 0)::bigint
  FROM totals_flows
 WHERE programme_id = %(programme_id)s AND local_day <= %(on)s
   AND topic = 'credits.transferred' AND asset = 'CREDIT'

-- activities: activities up to the end of a day, by scenario and verdict
SELECT scenario_id, verdict, sum(activities)::bigint, sum(amount_g)::bigint, sum(credits)::bigint
  FROM totals_activities
 WHERE programme_id = %(programme_id)s AND local_day <= %(on)s
 GROUP BY scenario_id, verdict
HAVING sum(activities) <> 0 OR sum(amount_g) <> 0 OR sum(credits) <> 0
 ORDER BY scenario_id, verdict

-- bonuses: credits of campaigns for acts up to the end of a day, by campaign
SELECT campaign_id, sum(credits)::bigint
  FROM totals_bonuses
 WHERE programme_id = %(programme_id)s AND local_day <= %(on)s
 GROUP BY campaign_id
 ORDER BY campaign_id

-- joined: participants who joined up to the end of a day
SELECT COALESCE(sum(joined), 0)::bigint
  FROM totals_people
 WHERE programme_id = %(programme_id)s AND period = 'day' AND begins_on <= %(on)s

-- people: who joined and who was active, by day or by month
SELECT begins_on, joined, active
  FROM totals_people
 WHERE programme_id = %(programme_id)s AND period = %(period)s
   AND begins_on >= %(begin)s AND begins_on < %(end)s
 ORDER BY begins_on

-- activity_series: activities that count, by day or by month
SELECT date_trunc(%(period)s, local_day::timestamp)::date AS begins_on,
       COALESCE(sum(activities) FILTER (WHERE verdict IN ('accepted', 'discounted')), 0)::bigint,
       sum(amount_g)::bigint, sum(credits)::bigint
  FROM totals_activities
 WHERE programme_id = %(programme_id)s AND local_day >= %(begin)s AND local_day < %(end)s
 GROUP BY begins_on
 ORDER BY begins_on

-- credit_series: what became of credits, by day or by month
SELECT date_trunc(%(period)s, local_day::timestamp)::date AS begins_on,
       COALESCE(sum(units_out - units_in) FILTER (WHERE place = 'issuance'), 0)::bigint,
       COALESCE(sum(units_out) FILTER (WHERE topic = 'credits.transferred'), 0)::bigint,
       COALESCE(sum(units_in) FILTER (WHERE place = 'held'), 0)::bigint,
       COALESCE(sum(units_in - units_out) FILTER (WHERE place = 'redeemed'), 0)::bigint,
       COALESCE(sum(units_in - units_out) FILTER (WHERE place = 'expired'), 0)::bigint,
       COALESCE(sum(units_out - units_in) FILTER (WHERE place = 'adjusted'), 0)::bigint,
       COALESCE(sum(units_out) FILTER (WHERE topic = 'credits.claimed' AND place = 'pending'), 0)::bigint,
       COALESCE(sum(units_in - units_out) FILTER (WHERE place = 'lapsed'), 0)::bigint,
       COALESCE(sum(units_in - units_out) FILTER (WHERE place = 'retired'), 0)::bigint
  FROM totals_flows
 WHERE programme_id = %(programme_id)s AND local_day >= %(begin)s AND local_day < %(end)s
   AND asset = 'CREDIT'
 GROUP BY begins_on
 ORDER BY begins_on

-- liability: credits that may yet be used, by the month of their last day and by place
SELECT date_trunc('month', lot::timestamp)::date AS expires_in, place, sum(credits)::bigint
  FROM totals_lots
 WHERE programme_id = %(programme_id)s AND place = ANY (%(places)s)
 GROUP BY expires_in, place
HAVING sum(credits) <> 0
 ORDER BY expires_in, place

-- burn: what is left of a fund at the end of a day, and what was taken and came back in the days before
SELECT COALESCE(sum(committed_fen - encumbered_fen + returned_fen - backed_fen), 0)::bigint,
       COALESCE(sum(encumbered_fen) FILTER (WHERE local_day > %(before)s), 0)::bigint,
       COALESCE(sum(returned_fen) FILTER (WHERE local_day > %(before)s), 0)::bigint,
       COALESCE(sum(backed_fen) FILTER (WHERE local_day > %(before)s), 0)::bigint
  FROM totals_funds
 WHERE programme_id = %(programme_id)s AND fund_id = %(fund_id)s AND local_day <= %(on)s
