-- Sums of stored events, block by block.

-- block: what is known of a block so far
SELECT checksums FROM checksums WHERE programme_id = %(programme_id)s AND block = %(block)s

-- write: add blocks, or put longer ones in the place of shorter ones
INSERT INTO checksums (programme_id, block, checksums, position)
SELECT %(programme_id)s, b.block, b.checksums, b.position
  FROM unnest(%(blocks)b::bigint[], %(checksums)b::bytea[], %(positions)b::bigint[])
       AS b (block, checksums, position)
    ON CONFLICT (programme_id, block)
    DO UPDATE SET checksums = excluded.checksums, position = excluded.position

-- blocks: the sums of a stretch of the log
SELECT block, checksums
  FROM checksums
 WHERE programme_id = %(programme_id)s AND block BETWEEN %(first)s AND %(last)s
 ORDER BY block
