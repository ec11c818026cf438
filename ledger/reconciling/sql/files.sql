-- Files, their rows, and how merchants' files are read.

-- file_of_content: the file that a content counts as
SELECT file_id FROM reconciliation.files
 WHERE programme_id = %(programme_id)s AND content_sha256 = %(content_sha256)s AND withdrawn_at IS NULL

-- copy_rows: rows of a file
COPY reconciliation.rows (
    programme_id, file_no, row_no, line, kind, reference, own_reference, refund_reference, payment_reference,
    merchant_reference, value_fen, fee_fen, happened_on, happened_at, store_id, counterparty, part_of, note,
    is_reversal, is_final, identity
) FROM STDIN

-- add: a file, unless its content counts already
INSERT INTO reconciliation.files (
    programme_id, file_id, file_no, kind, merchant_id, mapping_version, content_sha256, name, size_bytes, rows,
    value_fen, fee_fen, first_on, last_on, until_on, totals, imported_at, imported_by
) VALUES (
    %(programme_id)s, %(file_id)s, %(file_no)s, %(kind)s, %(merchant_id)s, %(mapping_version)s,
    %(content_sha256)s, %(name)s, %(size_bytes)s, %(rows)s, %(value_fen)s, %(fee_fen)s, %(first_on)s,
    %(last_on)s, %(until_on)s, %(totals)s, %(at)s, %(by)s
)
    ON CONFLICT DO NOTHING
RETURNING true

-- restore: let a withdrawn file count again, unless its content counts already
UPDATE reconciliation.files AS f
   SET withdrawn_at = NULL
 WHERE f.programme_id = %(programme_id)s AND f.file_id = %(file_id)s AND f.withdrawn_at IS NOT NULL
   AND NOT EXISTS (
           SELECT FROM reconciliation.files o
            WHERE o.programme_id = f.programme_id AND o.content_sha256 = f.content_sha256
              AND o.withdrawn_at IS NULL
       )
RETURNING true

-- withdraw: let a file count no longer
UPDATE reconciliation.files
   SET withdrawn_at = %(at)s
 WHERE programme_id = %(programme_id)s AND file_id = %(file_id)s AND withdrawn_at IS NULL
RETURNING true

-- remember: what somebody did with a file
INSERT INTO reconciliation.file_history (programme_id, file_id, number, at, by, what, note)
SELECT %(programme_id)s, %(file_id)s, count(*) + 1, %(at)s, %(by)s, %(what)s, %(note)s
  FROM reconciliation.file_history
 WHERE programme_id = %(programme_id)s AND file_id = %(file_id)s

-- lock: let nobody else change a file until this transaction ends
SELECT true FROM reconciliation.files
 WHERE programme_id = %(programme_id)s AND file_id = %(file_id)s
   FOR UPDATE

-- read: one file
SELECT f.file_id, f.kind, f.merchant_id, f.mapping_version, f.content_sha256, f.name, f.size_bytes, f.rows,
       f.value_fen, f.fee_fen, f.first_on, f.last_on, f.until_on, f.totals, f.imported_at, f.imported_by,
       f.withdrawn_at
  FROM reconciliation.files f
 WHERE f.programme_id = %(programme_id)s AND f.file_id = %(file_id)s

-- list: files by their first import
SELECT f.file_id, f.kind, f.merchant_id, f.mapping_version, f.content_sha256, f.name, f.size_bytes, f.rows,
       f.value_fen, f.fee_fen, f.first_on, f.last_on, f.until_on, f.totals, f.imported_at, f.imported_by,
       f.withdrawn_at
  FROM reconciliation.files f
 WHERE f.programme_id = %(programme_id)s AND f.file_id > %(after)s COLLATE "C"
   AND (%(merchant_id)s::text IS NULL OR f.merchant_id = %(merchant_id)s)
 ORDER BY f.file_id
 LIMIT %(limit)s

-- history: what happened to a file
SELECT number, at, by, what, note
  FROM reconciliation.file_history
 WHERE programme_id = %(programme_id)s AND file_id = %(file_id)s
 ORDER BY number

-- save_mapping: a further version, unless the latest says the same
INSERT INTO reconciliation.mappings (programme_id, merchant_id, version, mapping, saved_at, saved_by)
SELECT %(programme_id)s, %(merchant_id)s, COALESCE(max(m.version), 0) + 1, %(mapping)s, %(at)s, %(by)s
  FROM reconciliation.mappings m
 WHERE m.programme_id = %(programme_id)s AND m.merchant_id = %(merchant_id)s
HAVING (array_agg(m.mapping ORDER BY m.version DESC))[1] IS DISTINCT FROM %(mapping)s
    ON CONFLICT DO NOTHING
RETURNING version

-- mapping: one version; the latest when none is named
SELECT version, mapping, saved_at, saved_by
  FROM reconciliation.mappings
 WHERE programme_id = %(programme_id)s AND merchant_id = %(merchant_id)s
   AND (%(version)s::int IS NULL OR version = %(version)s)
 ORDER BY version DESC
 LIMIT 1
