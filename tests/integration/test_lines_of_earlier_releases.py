"""Lines that an earlier release wrote get what they come to when the database is brought forward."""

from pathlib import Path
from shutil import copyfile

import psycopg

from ledger.store import migrations

BEFORE = 13
"""The last migration before lines had amounts of their own."""

REDEMPTION = """
INSERT INTO views.settlement_redemptions (
    programme_id, redemption_id, merchant_id, status, credits, face_value_fen, fee_fen, fund_ids, share_fen,
    share_fee_fen, deadline_at, held_position, held_occurred_at, held_recorded_at, position
) VALUES ('town', 'tea', 'cafe', 'refunded', 1, 900, 90, '{city}', '{900}', '{90}', now(), 1, now(), now(), 3)
"""
LINES = """
INSERT INTO views.settlement_lines (programme_id, merchant_id, local_day, position, kind, redemption_id)
VALUES ('town', 'cafe', '2026-11-22', 2, 'use', 'tea'), ('town', 'cafe', '2026-11-22', 3, 'refund', 'tea')
"""
FUND = """
INSERT INTO views.settlement_funds (
    programme_id, fund_id, committed_fen, available_fen, encumbered_fen, payable_fen, fees_fen,
    backing_fen, position
) VALUES ('town', 'city', 900, 0, 0, 810, 90, 0, 3)
"""


def test_a_use_and_a_refund_come_to_what_their_redemption_cost(empty_database: str, tmp_path: Path) -> None:
    for path in sorted(migrations.FOLDER.glob("*.sql"))[:BEFORE]:
        copyfile(path, tmp_path / path.name)
    migrations.migrate(empty_database, tmp_path)
    with psycopg.connect(empty_database, autocommit=True) as connection:
        for statement in (REDEMPTION, LINES, FUND):
            connection.execute(statement)
    migrations.migrate(empty_database)
    with psycopg.connect(empty_database) as connection:
        lines = connection.execute(
            "SELECT kind, face_value_fen, fee_fen, fund_ids FROM views.settlement_lines ORDER BY position"
        ).fetchall()
        funds = connection.execute(
            "SELECT recoverable_fen, settling_fen, paid_fen FROM views.settlement_funds"
        )
        assert funds.fetchall() == [(0, 0, 0)]
    assert lines == [("use", 900, 90, None), ("refund", -900, -90, None)]
