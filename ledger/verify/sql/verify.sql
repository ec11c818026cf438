-- Looking at what is stored of a programme.

-- broken_streams: events that are not next in their stream, among the streams of a range
SELECT s.position, s.topic, s.place, s.originator_version
  FROM (SELECT position, topic, originator_version,
               row_number() OVER stream AS place,
               lag(position) OVER stream AS before
          FROM events
         WHERE programme_id = %(programme_id)s AND originator_id BETWEEN %(first)s AND %(last)s
        WINDOW stream AS (PARTITION BY originator_id ORDER BY originator_version)) s
 WHERE (s.originator_version <> s.place OR s.position < s.before) AND s.position <= %(until)s
 ORDER BY s.position

-- configuration: positions of the events that change the rules
SELECT position FROM configuration WHERE programme_id = %(programme_id)s ORDER BY position

-- balances: what stands in each account
SELECT account, asset, lot, amount FROM balances WHERE programme_id = %(programme_id)s

-- owners: who is open, frozen or closed, and what was given away in a month
SELECT account, status, given_month, given_credits FROM owners WHERE programme_id = %(programme_id)s

-- holds: open holds and their deadlines
SELECT redemption_id, deadline_at FROM holds WHERE programme_id = %(programme_id)s

-- registers: entries of all registers, and from when each is due, in microseconds since 2000
SELECT register, key,
       CASE WHEN due_at = 'infinity' THEN 9223372036854775807
            ELSE (extract(epoch FROM due_at - '2000-01-01T00:00:00Z') * 1000000)::bigint END,
       value
  FROM registers
 WHERE programme_id = %(programme_id)s
