"""Shadow runs: what acts of the past would have earned, with nothing written."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger.domain.budget import Budget
from ledger.domain.campaign import Multiplier, PublishCampaign, Streak
from ledger.domain.caps import Caps
from ledger.domain.conversion import CreditsPerBlock, CreditsPerGrams
from ledger.domain.errors import (
    AccountNotFound,
    PeriodEmpty,
    ProgrammeNotFound,
    ProposalUnreadable,
    VersionOutOfSequence,
)
from ledger.domain.messages import Command
from ledger.domain.rulebook import Rulebook
from ledger.domain.rules import PublishScenario
from ledger.shadow_run import Proposal, ShadowReport, read_proposal, shadow_run
from ledger.shadow_run.run import Days
from ledger.shadow_run.tally import deciles
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.writer import Recorded, Writer
from tests.unit.builders import COMMIT_MONEY, NOW, OPEN_FUND, OPEN_PROGRAMME, but
from tests.unit.campaign_commands import HALF_MORE, campaign, on_day
from tests.unit.carbon_commands import PUBLISH_DRIVE, PUBLISH_DRIVING, VOID, corrected

PROGRAMME = OPEN_PROGRAMME.id
TODAY = NOW.date()
WEEK = Days(TODAY - timedelta(days=6), TODAY)


def of_city(fen_per_credit: int) -> Budget:
    return Budget(fund_id="city", fen_per_credit=fen_per_credit)


class Past:
    """A programme with three people's drives, some of them corrected."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.do(OPEN_PROGRAMME, OPEN_FUND, COMMIT_MONEY, PUBLISH_DRIVING, PUBLISH_DRIVE)
        self.do(
            on_day(-20, "old"),
            on_day(-3, "d1"),
            on_day(-2, "d2", km="20"),
            on_day(-2, "d3", participant_id="eve"),
            on_day(-1, "d4", km="3", participant_id="fay"),
        )
        self.do(corrected("8", "c1", "d1"), but(VOID, id="c2", activity_id="d3"))

    def do(self, *commands: Command) -> None:
        with closing(Writer(self.database, clock=lambda: NOW)) as writer:
            for outcome in writer.submit_many(PROGRAMME, commands):
                assert isinstance(outcome, Recorded), outcome

    def run(self, *campaigns: PublishCampaign, days: Days = WEEK, **changes: Any) -> ShadowReport:
        scenarios = (but(PUBLISH_DRIVE, version=2, **changes),) if changes else ()
        before = Log(self.database).head(PROGRAMME)
        report = shadow_run(self.database, PROGRAMME, days, Proposal(campaigns, scenarios), now=NOW)
        assert Log(self.database).head(PROGRAMME) == before == report.position
        return report


@pytest.fixture
def past(database: str) -> Iterator[Past]:
    with closing(Database(database)) as opened:
        yield Past(opened)


def test_without_a_proposal_acts_earn_what_they_really_did(past: Past) -> None:
    past.do(campaign(HALF_MORE), on_day(0, "d5"), on_day(0, "d6", km="7", participant_id="eve"))
    past.do(corrected("20", "c3", "d5"))
    past.do(campaign(HALF_MORE, version=2, valid_from=NOW, valid_to=None))
    report = past.run()
    assert (report.total.acts, report.total.real_credits) == (6, 8 + 20 + 3 + 20 + 10 + 7 + 3)
    assert report.total.shadow_credits == report.total.real_credits
    assert (report.participants, report.unchanged, report.clipped) == (3, 3, {})


def test_a_proposed_campaign_shows_its_cost_by_day_and_who_would_have_more(past: Past) -> None:
    report = past.run(campaign(HALF_MORE, budget=of_city(100)))
    assert (report.total.real_credits, report.total.shadow_credits) == (31, 31 + 4 + 10 + 1)
    assert (report.total.real_fen, report.total.shadow_fen) == (0, 1_500)
    by_day = [
        (day.on.day, day.acts, day.shadow_credits - day.real_credits, day.shadow_fen) for day in report.days
    ]
    assert by_day == [(19, 1, 4, 400), (20, 2, 10, 1_000), (21, 1, 1, 100)]
    assert [(one.participant_id, one.difference) for one in report.winners] == [("dora", 14), ("fay", 1)]
    assert (report.gained, report.unchanged, report.lost, report.losers) == (2, 1, 0, [])
    (fund,) = report.funds
    assert (fund.money_fen, fund.shadow_fen, fund.last_clipped_on) == (10_000, 1_500, None)


def test_a_proposed_rule_shows_who_would_have_less(past: Past) -> None:
    report = past.run(rule=CreditsPerGrams(credits=1, per_g=200), caps=Caps(day_credits=9))
    assert (report.total.real_credits, report.total.shadow_credits) == (31, 4 + 9 + 1)
    assert report.clipped == {"day_credits": 1}
    assert [(one.participant_id, one.difference) for one in report.losers] == [("dora", -15), ("fay", -2)]
    assert (report.deciles[0], report.deciles[-1]) == (-15, 0)


def test_a_fund_that_is_too_small_runs_out_in_the_shadow(past: Past) -> None:
    report = past.run(campaign(HALF_MORE, budget=of_city(1_000)))
    (fund,) = report.funds
    assert (fund.shadow_fen, fund.last_clipped_on) == (10_000, date(2026, 11, 21))
    assert report.clipped == {"budget": 2}


def test_what_a_fund_really_spent_is_there_to_be_spent_again(past: Past) -> None:
    past.do(but(PUBLISH_DRIVE, version=2, budget=of_city(500)))
    past.do(on_day(0, "d5", km="20"))
    report = past.run()
    (fund,) = report.funds
    assert (fund.money_fen, fund.real_fen, fund.shadow_fen) == (10_000, 10_000, 10_000)
    assert report.total.shadow_credits == report.total.real_credits


def test_acts_before_the_first_day_count_in_caps_and_streaks_as_they_did(past: Past) -> None:
    days = Days(TODAY - timedelta(days=2), TODAY)
    report = past.run(days=days, caps=Caps(month_credits=25))
    assert (report.total.real_credits, report.total.shadow_credits) == (23, 25 - 18 + 3)
    streak = campaign(Streak(days=2, credits=10))
    assert past.run(streak, days=WEEK).total.shadow_credits == 31 + 10
    assert past.run(streak, days=days).total.shadow_credits == 23, "it would have begun on the first day"


def test_an_act_without_the_measurement_of_the_rule_is_counted_apart(past: Past) -> None:
    rule = CreditsPerBlock(credits=1, block=1, field="distance_km")
    assert past.run(rule=rule).not_computable == 0
    assert past.run(days=Days(TODAY, TODAY)).total.acts == 0


def test_a_proposal_is_refused_for_what_its_publication_would_be(past: Past) -> None:
    with pytest.raises(VersionOutOfSequence):
        past.run(campaign(HALF_MORE, version=2))
    with pytest.raises(AccountNotFound):
        past.run(campaign(HALF_MORE, budget=Budget(fund_id="none", fen_per_credit=1)))
    with pytest.raises(PeriodEmpty):
        past.run(days=Days(TODAY, TODAY - timedelta(days=1)))
    with pytest.raises(ProgrammeNotFound):
        shadow_run(past.database, "nowhere", WEEK, now=NOW)


def test_a_file_holds_what_a_request_would_carry(tmp_path: Path) -> None:
    path = tmp_path / "proposed.json"
    body = {
        "id": "week",
        "name_zh": "周",
        "name_en": "Week",
        "valid_from": "2026-01-01T00:00:00Z",
        "bonus": {"kind": "multiplier", "multiplier": "1.5"},
    }
    path.write_text(json.dumps(body))
    proposed = read_proposal(path, PublishCampaign, Rulebook(), NOW)
    assert (proposed.version, proposed.bonus) == (1, Multiplier(multiplier="1.5"))
    for wrong in ("{", "[]", json.dumps(body | {"colour": 1}), json.dumps({"id": 1}), " " * 1_048_577):
        path.write_text(wrong)
        with pytest.raises(ProposalUnreadable):
            read_proposal(path, PublishCampaign, Rulebook(), NOW)
    with pytest.raises(ProposalUnreadable):
        read_proposal(tmp_path / "none.json", PublishScenario, Rulebook(), NOW)


def test_deciles_go_from_the_least_to_the_greatest() -> None:
    assert deciles([]) == []
    assert deciles([5]) == [5] * 11
    assert deciles(list(range(101))) == list(range(0, 101, 10))
