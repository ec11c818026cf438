"""Bonuses in a real database: remembered from one process to the next, and proved from the log."""

from contextlib import closing
from datetime import timedelta

import msgspec

from ledger.domain.budget import Budget
from ledger.domain.campaign import FirstTime, Multiplier, Streak
from ledger.domain.messages import Command
from ledger.projections.balances import read_account
from ledger.store.database import Database
from ledger.verify import verify
from ledger.writer import Recorded, Writer
from tests.unit.builders import COMMIT_MONEY, NOW, OPEN_FUND, OPEN_PROGRAMME, but
from tests.unit.campaign_commands import TIERS, campaign, on_day
from tests.unit.carbon_commands import CLAIM, PUBLISH_DRIVE, PUBLISH_DRIVING, PUBLISH_POLICY, VOID, corrected

PROGRAMME = OPEN_PROGRAMME.id
RULES = (
    OPEN_PROGRAMME,
    OPEN_FUND,
    COMMIT_MONEY,
    PUBLISH_DRIVING,
    but(PUBLISH_DRIVE, ripens_after_h=1),
    but(PUBLISH_POLICY, partners=()),
    campaign(Multiplier(multiplier="1.5"), "half", credits_max=12),
    campaign(FirstTime(credits=7), "hello"),
    campaign(Streak(days=2, credits=20), "streak", budget=Budget(fund_id="city", fen_per_credit=100)),
    campaign(TIERS, "tier"),
)


def told(database: Database, groups: list[tuple[Command, ...]]) -> list[Recorded]:
    """Record each group in a process of its own, an hour later than the one before."""
    outcomes: list[Recorded] = []
    for hours, commands in enumerate(groups):
        writer = Writer(database, clock=lambda at=NOW + timedelta(hours=hours): at)  # type: ignore[misc]
        for outcome in writer.submit_many(PROGRAMME, commands):
            assert isinstance(outcome, Recorded), outcome
            outcomes.append(outcome)
        writer.close()
    return outcomes


def test_bonuses_go_on_in_another_process_and_are_proved_from_the_log(database: str) -> None:
    with closing(Database(database, connections_max=10)) as opened:
        told(
            opened,
            [
                (*RULES, on_day(-3, "d1"), on_day(-2, "d2")),
                (on_day(-1, "d3"), corrected("25", "c1", "d1"), but(CLAIM, activity_id="d2")),
                (but(VOID, id="v1", activity_id="d1"), on_day(0, "d4"), corrected("3", "c2", "d2")),
            ],
        )
        (report,) = verify(opened, programme_id=PROGRAMME)
        assert {name for name in report.findings_count if not name.startswith("view")} == set(), report
        money = {
            place: [one.amount for one in read_account(opened, PROGRAMME, f"fund:city:{place}").balances]
            for place in ("available", "backing")
        }
    assert sum(money["available"]) + sum(money["backing"]) == COMMIT_MONEY.value_fen
    assert money["backing"] == [2_000]


def test_a_repeat_in_another_process_is_answered_with_its_bonuses(database: str) -> None:
    with closing(Database(database)) as opened:
        made = told(opened, [RULES, (on_day(-1, "d1"), on_day(0, "d2")), (on_day(0, "d2"),)])
    first, again = made[-2:]
    assert (again.replayed, again.body) == (True, first.body)
    topics = [event["topic"] for event in msgspec.json.decode(again.body)["events"]]
    assert topics == ["reduction.recorded", "credits.issued", *["bonus.issued"] * 3]
