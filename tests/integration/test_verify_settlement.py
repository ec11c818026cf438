"""Proving what merchants are paid: whatever does not add up any more has a name, table by table."""

from typing import Any

import pytest

from ledger.store.database import Database
from ledger.verify import Finding, verify
from tests.integration.test_verify import OF_MONEY
from tests.integration.told import PROGRAMME, Damage
from tests.unit.statement_commands import CAFE_STATEMENT

LINES, DIGEST, OUTSIDE = "statement_lines_differ", "statement_digest_differs", "line_outside_statements"
PAYOUTS, MONEY = "statement_payouts_differ", "settled_money_differs"


def found(proving: Database) -> list[Finding]:
    [report] = verify(proving, programme_id=PROGRAMME)
    return [finding for finding in report.findings if finding.code in OF_MONEY]


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("UPDATE views.settlement_lines SET face_value_fen = face_value_fen + 1 WHERE kind = 'use'", {LINES}),
        ("UPDATE views.settlement_lines SET redemption_id = redemption_id || 'x'", {LINES, MONEY}),
        ("DELETE FROM views.settlement_lines WHERE kind = 'use'", {LINES}),
        ("DELETE FROM views.settlement_lines WHERE kind = 'refund'", {LINES}),
        ("DELETE FROM views.settlement_lines WHERE kind = 'amendment'", {MONEY}),
        (
            "UPDATE views.settlement_lines SET local_day = local_day - 9 WHERE kind = 'refund'",
            {LINES, OUTSIDE},
        ),
        ("UPDATE views.settlement_lines SET local_day = local_day + 9 WHERE kind = 'refund'", {LINES, MONEY}),
        ("UPDATE views.settlement_statements SET uses = uses + 1", {LINES, DIGEST}),
        ("UPDATE views.settlement_statements SET number = number || 'x'", {DIGEST}),
        ("UPDATE views.settlement_statements SET lines_digest = digest", {LINES, DIGEST}),
        ("UPDATE views.settlement_statements SET digest = lines_digest", {DIGEST}),
        ("UPDATE views.settlement_statements SET starts_on = starts_on + 1", {LINES, DIGEST, OUTSIDE}),
        ("UPDATE views.settlement_statements SET ends_on = ends_on + 1", {LINES, DIGEST, MONEY}),
        ("UPDATE views.settlement_statements SET paid_fen = paid_fen - 1", {PAYOUTS, MONEY}),
        ("UPDATE views.settlement_statements SET moved_fen = moved_fen - 1", {PAYOUTS, MONEY}),
        ("UPDATE views.settlement_statements SET status = 'approved', settled_at = NULL", {PAYOUTS}),
        ("DELETE FROM views.settlement_statements", {PAYOUTS, MONEY}),
        (
            "UPDATE views.settlement_statement_funds SET fee_fen = fee_fen + 1, due_fen = due_fen - 1",
            {DIGEST, PAYOUTS},
        ),
        ("DELETE FROM views.settlement_statement_funds", {DIGEST, PAYOUTS}),
        ("DELETE FROM views.settlement_disputes WHERE outcome = 'amended'", {PAYOUTS}),
        ("UPDATE views.settlement_disputes SET share_fen[1] = share_fen[1] + 1", {PAYOUTS}),
        ("DELETE FROM views.settlement_payouts WHERE status = 'confirmed'", {PAYOUTS}),
        (
            "UPDATE views.settlement_payouts SET value_fen = value_fen + 1 WHERE status = 'confirmed'",
            {PAYOUTS},
        ),
        ("UPDATE views.settlement_payouts SET share_fen[1] = share_fen[1] + 1", {PAYOUTS}),
        ("UPDATE views.settlement_payouts SET statement_id = statement_id || 'x'", {PAYOUTS}),
        (
            "UPDATE views.settlement_funds SET paid_fen = paid_fen + 1, settling_fen = settling_fen - 1",
            {MONEY},
        ),
        (
            "UPDATE views.settlement_funds SET recoverable_fen = 1, available_fen = available_fen - 1",
            {MONEY},
        ),
        ("DELETE FROM views.settlement_funds", {MONEY}),
        ("UPDATE balances SET amount = amount + 1 WHERE account = 'merchant:cafe:paid'", {MONEY}),
        ("UPDATE balances SET amount = amount + 1 WHERE account = 'merchant:cafe:payable'", {MONEY}),
        ("UPDATE balances SET amount = amount + 1 WHERE account = 'fund:city:available'", {MONEY}),
        ("DELETE FROM registers WHERE register = 'unsettled'", {MONEY}),
        (
            "UPDATE registers SET value = replace(value, 'closed', 'x') WHERE register = 'unsettled'",
            {MONEY},
        ),
    ],
)
def test_money_that_does_not_add_up_is_found(
    damage: Damage, proving: Database, query: str, codes: set[str]
) -> None:
    assert damage.run(query) > 0
    assert {finding.code for finding in found(proving)} == codes


def test_a_finding_names_the_statement_its_event_and_the_numbers(damage: Damage, proving: Database) -> None:
    [(position,)] = damage.rows("UPDATE views.settlement_statements SET uses = uses + 1 RETURNING position")
    finding = next(one for one in found(proving) if one.code == LINES)
    assert CAFE_STATEMENT in finding.subject
    assert (finding.position, finding.topic) == (position, "statement.settled")
    expected: Any = finding.expected
    assert finding.found == {"uses": expected["uses"] + 1}


def test_accounts_are_not_held_against_a_view_that_lies_behind(damage: Damage, proving: Database) -> None:
    damage.run("UPDATE balances SET amount = amount + 1 WHERE account = 'merchant:cafe:paid'")
    damage.run("UPDATE tracking SET position = position - 1 WHERE view_name = 'settlement'")
    assert found(proving) == []
