-- Writing leaderboards: what a page needs, and what it leaves.

-- boards: every board, and how many entered it
SELECT b.period, b.starts_on, b.scenario_id, b.board, b.position, b.large_at, COALESCE(f.entered, 0)
  FROM leaderboards b
  LEFT JOIN leaderboard_fields f
    ON f.programme_id = b.programme_id AND f.board = b.board AND f.organisation = 0
 WHERE b.programme_id = %(programme_id)s
 ORDER BY b.board

-- large_within: which organisations' parts of large boards are large
SELECT f.board, f.organisation
  FROM leaderboards b
  JOIN leaderboard_fields f ON f.programme_id = b.programme_id AND f.board = b.board
 WHERE b.programme_id = %(programme_id)s AND b.large_at > 0
   AND f.organisation > 0 AND f.entered > %(large_members)s

-- organisations: every organisation, parents first
SELECT organisation_id, number, parent, position
  FROM leaderboard_organisations
 WHERE programme_id = %(programme_id)s
 ORDER BY number

-- scenarios: every scenario
SELECT scenario_id FROM leaderboard_scenarios WHERE programme_id = %(programme_id)s

-- people_count: the highest number given to a participant
SELECT COALESCE(max(number), 0) FROM leaderboard_people WHERE programme_id = %(programme_id)s

-- people: those named
SELECT participant_id, number, organisation, visibility, position
  FROM leaderboard_people
 WHERE programme_id = %(programme_id)s AND participant_id = ANY (%(participants)s)

-- ids: who has these numbers
SELECT number, participant_id
  FROM leaderboard_people
 WHERE programme_id = %(programme_id)s AND number = ANY (%(numbers)s)

-- leaves: those named
SELECT l.board, l.leaf, l.members, l.organisations, l.amounts_g, l.credits, l.position
  FROM unnest(%(boards)s, %(leaves)s) AS r (board, leaf)
  JOIN leaderboard_leaves l
    ON l.programme_id = %(programme_id)s AND l.board = r.board AND l.leaf = r.leaf

-- leaves_of_board: all of one board
SELECT leaf, members, organisations, amounts_g, credits, position
  FROM leaderboard_leaves
 WHERE programme_id = %(programme_id)s AND board = %(board)s

-- write_boards: new ones, and those that became large
INSERT INTO leaderboards (programme_id, period, starts_on, scenario_id, board, large_at, position)
SELECT %(programme_id)s, r.*
  FROM unnest(%(periods)s::text[], %(starts_on)s::date[], %(scenarios)s::text[],
              %(boards)s, %(large_at)s, %(positions)s) AS r
    ON CONFLICT (programme_id, period, starts_on, scenario_id)
    DO UPDATE SET large_at = excluded.large_at, position = excluded.position

-- write_people: new ones, and those who joined an organisation or are shown in another way
INSERT INTO leaderboard_people (programme_id, participant_id, number, organisation, visibility, position)
SELECT %(programme_id)s, r.*
  FROM unnest(%(participants)s, %(numbers)s, %(organisations)s, %(visibilities)s, %(positions)s) AS r
    ON CONFLICT (programme_id, participant_id)
    DO UPDATE SET organisation = excluded.organisation, visibility = excluded.visibility,
                  position = excluded.position

-- write_organisations: new ones
INSERT INTO leaderboard_organisations (programme_id, organisation_id, number, parent, position)
SELECT %(programme_id)s, r.* FROM unnest(%(organisations)s, %(numbers)s, %(parents)s, %(positions)s) AS r

-- write_scenarios: new ones
INSERT INTO leaderboard_scenarios (programme_id, scenario_id, position)
SELECT %(programme_id)s, r.* FROM unnest(%(scenarios)s, %(positions)s) AS r

-- add_leaves: new ones
INSERT INTO leaderboard_leaves
       (programme_id, board, leaf, members, organisations, amounts_g, credits, position)
SELECT %(programme_id)s, r.*
  FROM unnest(%(boards)s, %(leaves)s, %(members)s, %(organisations)s, %(amounts_g)s, %(credits)s,
              %(positions)s) AS r

-- change_leaves: those that were there
UPDATE leaderboard_leaves l
   SET members = r.members, organisations = r.organisations, amounts_g = r.amounts_g, credits = r.credits,
       position = r.position
  FROM unnest(%(boards)s, %(leaves)s, %(members)s, %(organisations)s, %(amounts_g)s, %(credits)s,
              %(positions)s) AS r (board, leaf, members, organisations, amounts_g, credits, position)
 WHERE l.programme_id = %(programme_id)s AND l.board = r.board AND l.leaf = r.leaf

-- drop_leaves: those in which nobody is left
DELETE FROM leaderboard_leaves l
 USING unnest(%(boards)s, %(leaves)s) AS r (board, leaf)
 WHERE l.programme_id = %(programme_id)s AND l.board = r.board AND l.leaf = r.leaf

-- dissolve: leaves of boards that became large
DELETE FROM leaderboard_leaves WHERE programme_id = %(programme_id)s AND board = ANY (%(boards)s)

-- move: let people's rows of large boards lie in their organisation
UPDATE leaderboard_scores s
   SET organisation = r.organisation, position = r.position
  FROM unnest(%(participants)s, %(organisations)s, %(positions)s)
       AS r (participant_id, organisation, position)
 WHERE s.programme_id = %(programme_id)s AND s.board = ANY (%(boards)s)
   AND s.participant_id = r.participant_id
RETURNING s.board, s.participant_id, s.amount_g, s.credits

-- erase: take people's rows out of large boards
DELETE FROM leaderboard_scores
 WHERE programme_id = %(programme_id)s AND board = ANY (%(boards)s)
   AND participant_id = ANY (%(participants)s)
RETURNING board, participant_id, organisation, amount_g, credits

-- write_scores: add to rows of large boards, and to the counts of the whole board and of large parts
--
-- Gives who entered, by board and organisation, and the counts that came to nothing.
WITH changed AS (
    INSERT INTO leaderboard_scores AS s
           (programme_id, board, participant_id, organisation, amount_g, credits, position)
    SELECT %(programme_id)s, l.board, r.participant_id, r.organisation, r.amount_g, r.credits, r.position
      FROM unnest(%(parts)s, %(participants)s, %(organisations)s, %(amounts_g)s, %(credits)s, %(positions)s)
           AS r (part, participant_id, organisation, amount_g, credits, position)
      JOIN unnest(%(large_boards)s, %(large_parts)s) AS l (board, part) USING (part)
     ORDER BY l.board, r.participant_id
        ON CONFLICT (programme_id, board, participant_id)
        DO UPDATE SET amount_g = s.amount_g + excluded.amount_g, credits = s.credits + excluded.credits,
                      position = excluded.position
    RETURNING s.board, s.organisation, old.amount_g AS old_g, new.amount_g AS new_g,
              old.credits AS old_credits, new.credits AS new_credits
), placed AS (
    SELECT board, organisation,
           width_bucket(old_g, %(bounds)s) AS old_g, width_bucket(new_g, %(bounds)s) AS new_g,
           width_bucket(old_credits, %(bounds)s) AS old_credits,
           width_bucket(new_credits, %(bounds)s) AS new_credits
      FROM changed
), within AS (
    SELECT board, 0 AS field, false AS by_credits, old_g AS old_bucket, new_g AS new_bucket FROM placed
    UNION ALL
    SELECT board, 0, true, old_credits, new_credits FROM placed
    UNION ALL
    SELECT board, f.field, c.by_credits, c.old_bucket, c.new_bucket
      FROM placed p
      JOIN unnest(%(field_boards)s, %(field_members)s, %(fields)s) AS f (board, organisation, field)
     USING (board, organisation)
     CROSS JOIN LATERAL (VALUES (false, p.old_g, p.new_g), (true, p.old_credits, p.new_credits))
           AS c (by_credits, old_bucket, new_bucket)
), counted AS (
    SELECT board, field, by_credits, bucket, sum(members)::integer AS members
      FROM (SELECT board, field, by_credits, new_bucket AS bucket, 1 AS members
              FROM within WHERE new_bucket IS DISTINCT FROM old_bucket
            UNION ALL
            SELECT board, field, by_credits, old_bucket, -1
              FROM within WHERE old_bucket IS NOT NULL AND new_bucket IS DISTINCT FROM old_bucket) AS each
     GROUP BY board, field, by_credits, bucket
    HAVING sum(members) <> 0
     ORDER BY board, field, by_credits, bucket
), written AS (
    INSERT INTO leaderboard_counts AS c
           (programme_id, board, organisation, by_credits, bucket, members, position)
    SELECT %(programme_id)s, d.board, d.field, d.by_credits, d.bucket, d.members, l.large_at
      FROM counted d
      JOIN unnest(%(large_boards)s, %(large_at)s) AS l (board, large_at) USING (board)
        ON CONFLICT (programme_id, board, organisation, by_credits, bucket)
        DO UPDATE SET members = c.members + excluded.members
    RETURNING c.board, c.organisation, c.by_credits, c.bucket, c.members
)
SELECT true AS has_entered, board, organisation, false, 0, count(*)
  FROM changed WHERE old_g IS NULL GROUP BY board, organisation
 UNION ALL
SELECT false, board, organisation, by_credits, bucket, members FROM written WHERE members = 0

-- add_counts: change counts one by one; gives those that came to nothing
WITH written AS (
    INSERT INTO leaderboard_counts AS c
           (programme_id, board, organisation, by_credits, bucket, members, position)
    SELECT %(programme_id)s, d.board, d.organisation, d.by_credits <> 0, d.bucket, d.members, d.position
      FROM unnest(%(boards)s, %(organisations)s, %(by_credits)s, %(buckets)s, %(members)s, %(positions)s)
           AS d (board, organisation, by_credits, bucket, members, position)
        ON CONFLICT (programme_id, board, organisation, by_credits, bucket)
        DO UPDATE SET members = c.members + excluded.members
    RETURNING c.board, c.organisation, c.by_credits, c.bucket, c.members
)
SELECT board, organisation, by_credits, bucket FROM written WHERE members = 0

-- drop_counts: those that came to nothing
DELETE FROM leaderboard_counts c
 USING unnest(%(boards)s, %(organisations)s, %(by_credits)s, %(buckets)s)
       AS r (board, organisation, by_credits, bucket)
 WHERE c.programme_id = %(programme_id)s AND c.board = r.board AND c.organisation = r.organisation
   AND c.by_credits = (r.by_credits <> 0) AND c.bucket = r.bucket

-- write_fields: add to sums and numbers; gives how many entered in all
INSERT INTO leaderboard_fields AS f
       (programme_id, board, organisation, entered, members, amount_g, credits, position)
SELECT %(programme_id)s, r.*
  FROM unnest(%(boards)s, %(organisations)s, %(entered)s, %(members)s, %(amounts_g)s, %(credits)s,
              %(positions)s) AS r
    ON CONFLICT (programme_id, board, organisation)
    DO UPDATE SET entered = f.entered + excluded.entered, members = f.members + excluded.members,
                  amount_g = f.amount_g + excluded.amount_g, credits = f.credits + excluded.credits,
                  position = GREATEST(f.position, excluded.position)
RETURNING f.board, f.organisation, f.entered

-- count_within: count the part of a large board that has just become large
INSERT INTO leaderboard_counts
       (programme_id, board, organisation, by_credits, bucket, members, position)
SELECT %(programme_id)s, %(board)s, %(organisation)s, c.by_credits, c.bucket, count(*), %(large_at)s
  FROM leaderboard_scores s
 CROSS JOIN LATERAL (VALUES (false, width_bucket(s.amount_g, %(bounds)s)),
                            (true, width_bucket(s.credits, %(bounds)s))) AS c (by_credits, bucket)
 WHERE s.programme_id = %(programme_id)s AND s.board = %(board)s AND s.organisation = ANY (%(members)s)
 GROUP BY c.by_credits, c.bucket
