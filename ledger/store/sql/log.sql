-- Reading a programme's log.

-- head: where a programme's log stands
SELECT position, configured_at_position, recorded_at FROM heads WHERE programme_id = %(programme_id)s

-- lock_head: the same, and nobody else may append until this transaction ends
SELECT position, configured_at_position, recorded_at
  FROM heads
 WHERE programme_id = %(programme_id)s
   FOR UPDATE

-- create_head: the head of a programme that is about to be opened
INSERT INTO heads (programme_id, position, configured_at_position, recorded_at)
VALUES (%(programme_id)s, 0, 0, %(recorded_at)s)
    ON CONFLICT (programme_id) DO NOTHING

-- heads: where several logs stand
SELECT programme_id, position FROM heads WHERE programme_id = ANY (%(programme_ids)s)

-- programmes: every programme with at least one event
SELECT programme_id FROM heads WHERE position > 0 ORDER BY programme_id

-- page: the next events of a log, in order
SELECT position, originator_id, originator_version, topic, state
  FROM events
 WHERE programme_id = %(programme_id)s AND position > %(after)s AND position <= %(until)s
 ORDER BY position
 LIMIT %(limit)s

-- page_of_topics: the next events of some topics, in order
SELECT position, originator_id, originator_version, topic, state
  FROM events
 WHERE programme_id = %(programme_id)s AND position > %(after)s AND position <= %(until)s
   AND topic = ANY (%(topics)s)
 ORDER BY position
 LIMIT %(limit)s

-- streams: all events of the streams named
SELECT position, originator_id, originator_version, topic, state
  FROM events
 WHERE programme_id = %(programme_id)s AND originator_id = ANY (%(stream_ids)b::uuid[])
 ORDER BY position

-- stream: some events of one stream, oldest first
SELECT position, originator_id, originator_version, topic, state
  FROM events
 WHERE programme_id = %(programme_id)s AND originator_id = %(stream_id)s
   AND originator_version > %(after)s AND originator_version <= %(until)s
 ORDER BY originator_version
 LIMIT %(limit)s

-- configuration: the events by which commands are decided
SELECT e.position, e.originator_id, e.originator_version, e.topic, e.state
  FROM configuration c
  JOIN events e ON e.programme_id = c.programme_id AND e.position = c.position
 WHERE c.programme_id = %(programme_id)s
 ORDER BY c.position

-- states: the next positions and bytes, for adding up
SELECT position, state
  FROM events
 WHERE programme_id = %(programme_id)s AND position > %(after)s AND position <= %(until)s
 ORDER BY position
 LIMIT %(limit)s

-- topics: the next positions, topics and bytes, for whoever reads a part of every event
SELECT position, topic, state
  FROM events
 WHERE programme_id = %(programme_id)s AND position > %(after)s AND position <= %(until)s
 ORDER BY position
 LIMIT %(limit)s
