-- Reading leaderboards.
--
-- In queries of large boards `s.score` stands for `s.amount_g` or `s.credits`, whichever is asked for:
-- the same query uses the index of the one or of the other.

-- board: a board, and the part of it that lies in an organisation (0 for all of it)
SELECT b.board, b.large_at > 0, COALESCE(f.entered, 0), COALESCE(f.members, 0)
  FROM leaderboards b
  LEFT JOIN leaderboard_fields f
    ON f.programme_id = b.programme_id AND f.board = b.board AND f.organisation = %(organisation)s
 WHERE b.programme_id = %(programme_id)s
   AND b.period = %(period)s AND b.starts_on = %(starts_on)s AND b.scenario_id = %(scenario_id)s

-- scenario: whether it was published
SELECT 1 FROM leaderboard_scenarios WHERE programme_id = %(programme_id)s AND scenario_id = %(scenario_id)s

-- organisation: its number
SELECT number FROM leaderboard_organisations
 WHERE programme_id = %(programme_id)s AND organisation_id = %(organisation_id)s

-- below: an organisation and all that lie in it
WITH RECURSIVE below (number) AS (
    SELECT %(organisation)s::integer
     UNION ALL
    SELECT o.number
      FROM below b
      JOIN leaderboard_organisations o ON o.programme_id = %(programme_id)s AND o.parent = b.number
)
SELECT number FROM below

-- person: a participant
SELECT number, organisation, visibility
  FROM leaderboard_people
 WHERE programme_id = %(programme_id)s AND participant_id = %(participant_id)s

-- hidden: those of some participants who do not want to be named
SELECT participant_id FROM leaderboard_people
 WHERE programme_id = %(programme_id)s AND participant_id = ANY (%(participants)s) AND visibility <> 'shown'

-- ids: who has these numbers
SELECT number, participant_id FROM leaderboard_people
 WHERE programme_id = %(programme_id)s AND number = ANY (%(numbers)s)

-- leaves: everybody on a small board
SELECT members, organisations, amounts_g, credits FROM leaderboard_leaves
 WHERE programme_id = %(programme_id)s AND board = %(board)s

-- rows_within: everybody in a small part of a large board
SELECT s.participant_id, s.amount_g, s.credits FROM leaderboard_scores s
 WHERE s.programme_id = %(programme_id)s AND s.board = %(board)s
   AND s.organisation > 0 AND s.organisation = ANY (%(members)s)

-- siblings: organisations that lie directly in one (0 for those that lie in none), with their sums
SELECT o.organisation_id, COALESCE(f.members, 0), COALESCE(f.amount_g, 0), COALESCE(f.credits, 0)
  FROM leaderboard_organisations o
  JOIN leaderboard_fields f
    ON f.programme_id = o.programme_id AND f.board = %(board)s AND f.organisation = o.number
 WHERE o.programme_id = %(programme_id)s AND o.parent = %(parent)s

-- row: one participant's row of a large board
SELECT s.amount_g, s.credits FROM leaderboard_scores s
 WHERE s.programme_id = %(programme_id)s AND s.board = %(board)s AND s.participant_id = %(participant_id)s

-- counts: how many have about so much, the highest first
SELECT bucket, members FROM leaderboard_counts
 WHERE programme_id = %(programme_id)s AND board = %(board)s AND organisation = %(organisation)s
   AND by_credits = %(by_credits)s
 ORDER BY bucket DESC

-- window_whole: rows of a large board from some place on, among those in some buckets
SELECT s.participant_id, s.amount_g, s.credits FROM leaderboard_scores s
 WHERE s.programme_id = %(programme_id)s AND s.board = %(board)s AND s.score BETWEEN %(at_least)s AND %(at_most)s
 ORDER BY s.score DESC, s.participant_id
OFFSET %(skipped)s LIMIT %(limit)s

-- window_within: the same in a part of it
SELECT s.participant_id, s.amount_g, s.credits
  FROM unnest(%(members)s::integer[]) AS m (organisation)
 CROSS JOIN LATERAL (
    SELECT s.* FROM leaderboard_scores s
     WHERE s.programme_id = %(programme_id)s AND s.board = %(board)s
       AND s.organisation > 0 AND s.organisation = m.organisation
       AND s.score BETWEEN %(at_least)s AND %(at_most)s
     ORDER BY s.score DESC, s.participant_id
     LIMIT %(skipped)s + %(limit)s) AS s
 ORDER BY s.score DESC, s.participant_id
OFFSET %(skipped)s LIMIT %(limit)s

-- around_whole: rows of a large board before and after somebody's, the nearest of each
(SELECT s.participant_id, s.amount_g, s.credits FROM leaderboard_scores s
  WHERE s.programme_id = %(programme_id)s AND s.board = %(board)s
    AND s.score = %(mine)s AND s.participant_id < %(participant_id)s
  ORDER BY s.participant_id DESC LIMIT %(limit)s)
 UNION ALL
(SELECT s.participant_id, s.amount_g, s.credits FROM leaderboard_scores s
  WHERE s.programme_id = %(programme_id)s AND s.board = %(board)s AND s.score > %(mine)s
  ORDER BY s.score, s.participant_id DESC LIMIT %(limit)s)
 UNION ALL
(SELECT s.participant_id, s.amount_g, s.credits FROM leaderboard_scores s
  WHERE s.programme_id = %(programme_id)s AND s.board = %(board)s
    AND s.score = %(mine)s AND s.participant_id > %(participant_id)s
  ORDER BY s.participant_id LIMIT %(limit)s)
 UNION ALL
(SELECT s.participant_id, s.amount_g, s.credits FROM leaderboard_scores s
  WHERE s.programme_id = %(programme_id)s AND s.board = %(board)s AND s.score < %(mine)s
  ORDER BY s.score DESC, s.participant_id LIMIT %(limit)s)

-- around_within: the same in a part of it
SELECT n.* FROM unnest(%(members)s::integer[]) AS m (organisation) CROSS JOIN LATERAL (
    (SELECT s.participant_id, s.amount_g, s.credits FROM leaderboard_scores s
      WHERE s.programme_id = %(programme_id)s AND s.board = %(board)s
        AND s.organisation > 0 AND s.organisation = m.organisation
        AND s.score = %(mine)s AND s.participant_id < %(participant_id)s
      ORDER BY s.participant_id DESC LIMIT %(limit)s)
     UNION ALL
    (SELECT s.participant_id, s.amount_g, s.credits FROM leaderboard_scores s
      WHERE s.programme_id = %(programme_id)s AND s.board = %(board)s
        AND s.organisation > 0 AND s.organisation = m.organisation AND s.score > %(mine)s
      ORDER BY s.score, s.participant_id DESC LIMIT %(limit)s)
     UNION ALL
    (SELECT s.participant_id, s.amount_g, s.credits FROM leaderboard_scores s
      WHERE s.programme_id = %(programme_id)s AND s.board = %(board)s
        AND s.organisation > 0 AND s.organisation = m.organisation
        AND s.score = %(mine)s AND s.participant_id > %(participant_id)s
      ORDER BY s.participant_id LIMIT %(limit)s)
     UNION ALL
    (SELECT s.participant_id, s.amount_g, s.credits FROM leaderboard_scores s
      WHERE s.programme_id = %(programme_id)s AND s.board = %(board)s
        AND s.organisation > 0 AND s.organisation = m.organisation AND s.score < %(mine)s
      ORDER BY s.score DESC, s.participant_id LIMIT %(limit)s)) AS n

-- above_whole: how many of a large board have more, in the same bucket
SELECT r.score, count(s.score)
  FROM unnest(%(scores)s::bigint[], %(tops)s::bigint[]) AS r (score, top)
  LEFT JOIN leaderboard_scores s
    ON s.programme_id = %(programme_id)s AND s.board = %(board)s AND s.score > r.score AND s.score <= r.top
 GROUP BY r.score

-- above_within: the same in a part of it
SELECT r.score, count(s.score)
  FROM unnest(%(scores)s::bigint[], %(tops)s::bigint[]) AS r (score, top)
 CROSS JOIN unnest(%(members)s::integer[]) AS m (organisation)
  LEFT JOIN leaderboard_scores s
    ON s.programme_id = %(programme_id)s AND s.board = %(board)s
   AND s.organisation > 0 AND s.organisation = m.organisation
   AND s.score > r.score AND s.score <= r.top
 GROUP BY r.score
