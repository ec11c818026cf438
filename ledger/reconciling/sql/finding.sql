-- What becomes of what a run found: matches and breaks kept, breaks told from those known before.

-- keep_findings: breaks under the ids by which every run knows them
INSERT INTO reconciliation.findings (
    programme_id, run_id, break_id, code, relation, kind, merchant_id, reference, item, item_fen, item_fee_fen,
    item_on, position, file_no, row_no, row_fen, row_fee_fen, row_on, difference_fen, scope_on
)
SELECT %(programme_id)s, %(run_id)s,
       'b-' || left(encode(sha256(convert_to(
           concat_ws(E'\n', k.code, k.relation, k.kind, COALESCE(k.merchant_id, ''), k.key, k.nth), 'UTF8'
       )), 'hex'), 24),
       k.code, k.relation, k.kind, k.merchant_id, COALESCE(NULLIF(k.reference, ''), k.own_reference), k.item,
       k.item_fen, k.item_fee_fen, k.item_on, k.position, k.file_no, k.row_no, k.row_fen, k.row_fee_fen, k.row_on,
       CASE WHEN k.row_counts THEN k.row_fen ELSE 0 END - CASE WHEN k.item_counts THEN k.item_fen ELSE 0 END,
       k.scope_on
  FROM (
        SELECT f.*, f.key_of AS key,
               row_number() OVER (
                   PARTITION BY f.code, f.relation, f.kind, f.merchant_id, f.key_of
                       ORDER BY f.row_on, f.rank, f.row_no
               ) AS nth
          FROM (
                SELECT g.*,
                       CASE WHEN g.code <> 'unknown_reference' AND g.item IS NOT NULL THEN g.item
                            WHEN g.reference <> '' THEN 'reference ' || g.reference
                            WHEN g.own_reference <> '' THEN 'own_reference ' || g.own_reference
                            ELSE concat_ws(' ', 'row', g.row_on, g.row_fen) END AS key_of
                  FROM run_found g
               ) f
       ) k

-- keep_matches: what is the same on two sides, in an order that depends on the inputs alone
INSERT INTO reconciliation.matches (
    programme_id, run_id, match_no, relation, rule, code, merchant_id, kind, item, item_fen, item_on, file_no,
    row_no, row_fen, row_on
)
SELECT %(programme_id)s, %(run_id)s,
       row_number() OVER (ORDER BY p.relation, p.merchant_id, p.item, p.kind, p.rank, p.row_no),
       p.relation, p.rule, p.code, p.merchant_id, p.kind, p.item, p.item_fen, p.item_on, p.file_no, p.row_no,
       p.row_fen, p.row_on
  FROM run_pairs p

-- result_matches: every match as a line of text, in the order of the matches kept, for the digest
SELECT concat_ws(E'\t', 'match', p.relation, p.rule, COALESCE(p.code, ''), COALESCE(p.merchant_id, ''), p.kind,
                 p.item, p.item_fen, COALESCE(p.item_on::text, ''), f.file_id, p.row_no, p.row_fen, p.row_on)
  FROM run_pairs p
  JOIN run_files f ON f.rank = p.rank
 ORDER BY p.relation, p.merchant_id, p.item, p.kind, p.rank, p.row_no

-- result_breaks: every break as a line of text, in order, for the digest
SELECT concat_ws(E'\t', 'break', b.break_id, b.code, b.relation, b.kind, COALESCE(b.merchant_id, ''), b.reference,
                 COALESCE(b.item, ''), COALESCE(b.item_fen::text, ''), COALESCE(b.item_fee_fen::text, ''),
                 COALESCE(b.item_on::text, ''), COALESCE(b.position::text, ''), COALESCE(f.file_id, ''),
                 COALESCE(b.row_no::text, ''), COALESCE(b.row_fen::text, ''), COALESCE(b.row_fee_fen::text, ''),
                 COALESCE(b.row_on::text, ''), b.difference_fen, b.scope_on)
  FROM reconciliation.findings b
  LEFT JOIN run_files f ON f.file_no = b.file_no
 WHERE b.programme_id = %(programme_id)s AND b.run_id = %(run_id)s
 ORDER BY b.break_id

-- totals: what each side of each relation comes to, each line and row once
SELECT s.relation, sum(s.items) + count(DISTINCT s.part_of), sum(s.items_fen), sum(s.rows), sum(s.rows_fen)
  FROM (
        SELECT p.relation, (p.item_counts AND p.rule <> 'parts')::int AS items,
               CASE WHEN p.item_counts AND p.rule = 'parts' THEN p.kind || ' ' || p.item END AS part_of,
               CASE WHEN p.item_counts THEN p.item_fen ELSE 0 END AS items_fen,
               p.row_counts::int AS rows, CASE WHEN p.row_counts THEN p.row_fen ELSE 0 END AS rows_fen
          FROM run_pairs p
        UNION ALL
        SELECT f.relation, f.item_counts::int, NULL, CASE WHEN f.item_counts THEN f.item_fen ELSE 0 END,
               f.row_counts::int, CASE WHEN f.row_counts THEN f.row_fen ELSE 0 END
          FROM run_found f
         WHERE NOT f.is_pair
       ) s
 GROUP BY s.relation
 ORDER BY s.relation

-- totals_by_rule: what agrees, by the rule that found it
WITH whole AS (
    SELECT d.relation, count(*) AS items
      FROM (SELECT DISTINCT p.relation, p.kind, p.item FROM run_pairs p WHERE p.code IS NULL AND p.rule = 'parts') d
     GROUP BY d.relation
)
SELECT p.relation, p.rule, CASE WHEN p.rule = 'parts' THEN max(w.items) ELSE sum(p.item_counts::int) END,
       sum(CASE WHEN p.item_counts THEN p.item_fen ELSE 0 END)
  FROM run_pairs p
  LEFT JOIN whole w ON w.relation = p.relation
 WHERE p.code IS NULL
 GROUP BY p.relation, p.rule
 ORDER BY p.relation, p.rule

-- totals_by_code: breaks, and what they make the other side more or less
SELECT f.relation, f.code, count(*), sum(f.difference_fen)
  FROM reconciliation.findings f
 WHERE f.programme_id = %(programme_id)s AND f.run_id = %(run_id)s
 GROUP BY f.relation, f.code
 ORDER BY f.relation, f.code

-- totals_aside: rows of the period that were set aside because they may still change
SELECT t.relation, count(*), sum(t.value_fen)
  FROM run_told_rows t
 WHERE t.is_in AND NOT t.is_final
   AND NOT EXISTS (SELECT FROM run_pairs p WHERE p.file_no = t.file_no AND p.row_no = t.row_no)
 GROUP BY t.relation
 ORDER BY t.relation

-- totals_not_due: payouts that the bank's statements cannot show yet
SELECT count(*), COALESCE(-sum(f.value_fen), 0)
  FROM run_free_items f
 WHERE f.relation = 'bank' AND f.kind = 'payment' AND NOT f.is_due

-- totals_ledger: the ledger's lines of the period, by whether their merchant's side was told
SELECT t.is_told, count(DISTINCT d.merchant_id), sum(d.uses), sum(d.used_face_value_fen), sum(d.used_fee_fen),
       sum(d.refunds), sum(d.refunded_face_value_fen), sum(d.refunded_fee_fen)
  FROM settlement_days d
  CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM run_told r WHERE r.merchant_id = d.merchant_id) AS is_told) t
 WHERE d.programme_id = %(programme_id)s AND d.local_day >= %(starts_on)s AND d.local_day < %(ends_on)s
   AND (%(merchant_id)s::text IS NULL OR d.merchant_id = %(merchant_id)s)
 GROUP BY t.is_told

