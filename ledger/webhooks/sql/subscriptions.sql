-- What an operator does with webhooks. Every change takes the lease away from whoever is sending, so
-- that nothing is written any more by somebody who has not seen the change.

-- create: add a webhook, unless the id is taken or the programme has enough of them
INSERT INTO webhooks (programme_id, webhook_id, url, topics, secret, state, position, failures_in_a_row, created_at)
SELECT %(programme_id)s, %(webhook_id)s, %(url)s, %(topics)s::text[], %(secret)s, 'active', %(position)s, 0, %(now)s
 WHERE (SELECT count(*) FROM webhooks WHERE programme_id = %(programme_id)s) < %(webhooks_max)s
    ON CONFLICT (programme_id, webhook_id) DO NOTHING
RETURNING true

-- status: webhooks as they stand, of all programmes or of one, all of them or one
SELECT w.programme_id, w.webhook_id, w.url, w.topics, w.state, w.position, h.position,
       c.waiting, c.dead, w.failures_in_a_row, w.last_error, w.last_error_at, w.last_delivered_at,
       CASE WHEN w.state <> 'paused' AND (c.waiting > 0 OR w.position < h.position)
            THEN COALESCE(
                 GREATEST(w.probe_at,
                          CASE WHEN w.held_until > %(now)s THEN w.held_until END,
                          CASE WHEN w.position >= h.position THEN c.next_attempt_at END),
                 c.next_attempt_at)
       END,
       w.created_at, w.previous_secret_until
  FROM webhooks w
  JOIN heads h ON h.programme_id = w.programme_id
 CROSS JOIN LATERAL (
       SELECT count(d.next_attempt_at) AS waiting, count(*) - count(d.next_attempt_at) AS dead,
              min(d.next_attempt_at) AS next_attempt_at
         FROM webhook_deliveries d
        WHERE d.programme_id = w.programme_id AND d.webhook_id = w.webhook_id
       ) AS c
 WHERE (%(programme_id)s::text IS NULL OR w.programme_id = %(programme_id)s)
   AND (%(webhook_id)s::text IS NULL OR w.webhook_id = %(webhook_id)s)
 ORDER BY w.programme_id, w.webhook_id

-- rotate: take a new secret, beside which the old one signs for a while
UPDATE webhooks
   SET previous_secret = secret, previous_secret_until = %(previous_until)s, secret = %(secret)s,
       leased_by = NULL, leased_until = NULL
 WHERE programme_id = %(programme_id)s AND webhook_id = %(webhook_id)s
RETURNING true

-- pause: send nothing more
UPDATE webhooks
   SET state = 'paused', leased_by = NULL, leased_until = NULL
 WHERE programme_id = %(programme_id)s AND webhook_id = %(webhook_id)s
RETURNING true

-- resume: send again, at once
UPDATE webhooks
   SET state = 'active', failures_in_a_row = 0, held_until = NULL, probe_at = NULL,
       leased_by = NULL, leased_until = NULL
 WHERE programme_id = %(programme_id)s AND webhook_id = %(webhook_id)s
RETURNING true

-- bring_forward: try what waits at once
UPDATE webhook_deliveries
   SET next_attempt_at = %(now)s
 WHERE programme_id = %(programme_id)s AND webhook_id = %(webhook_id)s AND next_attempt_at > %(now)s

-- rewind: go back to a position that was reached before
UPDATE webhooks
   SET position = %(after)s, leased_by = NULL, leased_until = NULL
 WHERE programme_id = %(programme_id)s AND webhook_id = %(webhook_id)s AND position >= %(after)s
RETURNING true

-- forget_after: drop what waits or is dead behind a position, because the log has it again
DELETE FROM webhook_deliveries
 WHERE programme_id = %(programme_id)s AND webhook_id = %(webhook_id)s AND position > %(after)s

-- dead: the next dead letters
SELECT position, topic, attempts, last_attempt_at, last_error
  FROM webhook_deliveries
 WHERE programme_id = %(programme_id)s AND webhook_id = %(webhook_id)s
   AND position > %(after)s AND next_attempt_at IS NULL
 ORDER BY position
 LIMIT %(limit)s

-- revive: try a dead letter again, from the first attempt on
UPDATE webhook_deliveries
   SET attempts = 0, next_attempt_at = %(now)s
 WHERE programme_id = %(programme_id)s AND webhook_id = %(webhook_id)s AND position = %(position)s
   AND next_attempt_at IS NULL
RETURNING true

-- delete: end a webhook
DELETE FROM webhooks WHERE programme_id = %(programme_id)s AND webhook_id = %(webhook_id)s RETURNING true
