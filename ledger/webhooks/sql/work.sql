-- Whose turn it is to send, and what came of it. The database's clock counts, because several
-- processes share the work. Whoever writes shows its lease: one that was taken away writes nothing.

-- take: lease the webhook that waited longest of those with something to send
UPDATE webhooks AS w
   SET leased_by = %(token)s, leased_until = clock_timestamp() + %(lease)s
  FROM (
        SELECT s.programme_id, s.webhook_id, h.position AS head, c.waiting,
               s.position < h.position AND c.waiting < %(waiting_max)s AS may_read
          FROM webhooks s
          JOIN heads h ON h.programme_id = s.programme_id
         CROSS JOIN LATERAL (
               SELECT count(*) AS waiting, min(d.next_attempt_at) AS next_attempt_at
                 FROM webhook_deliveries d
                WHERE d.programme_id = s.programme_id AND d.webhook_id = s.webhook_id
                  AND d.next_attempt_at IS NOT NULL
               ) AS c
         WHERE s.state <> 'paused'
           AND (s.leased_until IS NULL OR s.leased_until <= clock_timestamp())
           AND (s.held_until IS NULL OR s.held_until <= clock_timestamp())
           AND (s.probe_at IS NULL OR s.probe_at <= clock_timestamp())
           AND (c.next_attempt_at <= clock_timestamp()
                OR (s.position < h.position AND c.waiting < %(waiting_max)s))
         ORDER BY s.leased_until NULLS FIRST
         LIMIT 1
           FOR UPDATE OF s SKIP LOCKED
       ) AS due
 WHERE w.programme_id = due.programme_id AND w.webhook_id = due.webhook_id
RETURNING w.programme_id, w.webhook_id, w.leased_by, w.url, w.topics, w.state, w.position, due.head,
          due.may_read, due.waiting, w.failures_in_a_row, w.secret,
          CASE WHEN w.previous_secret_until > clock_timestamp() THEN w.previous_secret END

-- renew: say that the holders of leases are alive
UPDATE webhooks SET leased_until = clock_timestamp() + %(lease)s WHERE leased_by = ANY (%(tokens)s)

-- release: give a lease back; who has it now is not asked
UPDATE webhooks
   SET leased_by = NULL, leased_until = clock_timestamp()
 WHERE programme_id = %(programme_id)s AND webhook_id = %(webhook_id)s AND leased_by = %(token)s

-- due: messages to be tried again now
SELECT position, attempts
  FROM webhook_deliveries
 WHERE programme_id = %(programme_id)s AND webhook_id = %(webhook_id)s
   AND next_attempt_at <= clock_timestamp()
 ORDER BY position
 LIMIT %(limit)s

-- passed: everything wanted up to a position is dealt with
UPDATE webhooks
   SET position = %(position)s
 WHERE programme_id = %(programme_id)s AND webhook_id = %(webhook_id)s AND leased_by = %(token)s
RETURNING true

-- delivered: the same, and the receiver has taken something
UPDATE webhooks
   SET position = %(position)s, last_delivered_at = clock_timestamp(), state = 'active',
       failures_in_a_row = 0, probe_at = NULL
 WHERE programme_id = %(programme_id)s AND webhook_id = %(webhook_id)s AND leased_by = %(token)s
RETURNING true

-- failed: the same, and the receiver has not taken something
UPDATE webhooks
   SET position = %(position)s, last_error = %(error)s, last_error_at = clock_timestamp(),
       failures_in_a_row = failures_in_a_row + 1,
       state = CASE WHEN failures_in_a_row + 1 >= %(failures_max)s THEN 'failing' ELSE state END,
       probe_at = CASE WHEN failures_in_a_row + 1 >= %(failures_max)s
                       THEN clock_timestamp() + LEAST(%(probe)s, %(first_probe)s * power(
                            2, LEAST(failures_in_a_row + 1 - %(failures_max)s, 30)))
                  END,
       held_until = CASE WHEN %(held)s > interval '0' THEN clock_timestamp() + %(held)s ELSE held_until END
 WHERE programme_id = %(programme_id)s AND webhook_id = %(webhook_id)s AND leased_by = %(token)s
RETURNING state, failures_in_a_row

-- gone: the receiver wants nothing any more
UPDATE webhooks
   SET position = %(position)s, state = 'paused', last_error = %(error)s, last_error_at = clock_timestamp()
 WHERE programme_id = %(programme_id)s AND webhook_id = %(webhook_id)s AND leased_by = %(token)s
RETURNING true

-- hold: leave a webhook alone for a while
UPDATE webhooks
   SET last_error = %(error)s, last_error_at = clock_timestamp(), held_until = clock_timestamp() + %(held)s
 WHERE programme_id = %(programme_id)s AND webhook_id = %(webhook_id)s AND leased_by = %(token)s
RETURNING true

-- put_aside: keep a message for another attempt, or as a dead letter when there is no delay
INSERT INTO webhook_deliveries AS d
       (programme_id, webhook_id, position, topic, attempts, next_attempt_at, last_attempt_at, last_error)
VALUES (%(programme_id)s, %(webhook_id)s, %(event_position)s, %(topic)s, %(attempts)s,
        clock_timestamp() + %(delay)s::interval, clock_timestamp(), %(error)s)
    ON CONFLICT (programme_id, webhook_id, position)
    DO UPDATE SET attempts = excluded.attempts, next_attempt_at = excluded.next_attempt_at,
                  last_attempt_at = excluded.last_attempt_at, last_error = excluded.last_error

-- strike_off: forget a message that was delivered after all
DELETE FROM webhook_deliveries
 WHERE programme_id = %(programme_id)s AND webhook_id = %(webhook_id)s AND position = %(event_position)s

-- bring_forward: try everything that waits now, for a receiver that is back
UPDATE webhook_deliveries
   SET next_attempt_at = clock_timestamp()
 WHERE programme_id = %(programme_id)s AND webhook_id = %(webhook_id)s
   AND next_attempt_at > clock_timestamp()
