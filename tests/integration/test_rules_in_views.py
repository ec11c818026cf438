"""Every view over a log in which rules, claims, corrections, bonuses and donations are at work."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.domain.activity_life import EVENTS
from ledger.domain.donation import CreditsDonated
from ledger.domain.errors import AccountNotFound
from ledger.projections.leaderboards import Leaderboards
from ledger.projections.leaderboards_queries import Leaderboard, Question
from ledger.projections.registry import VIEWS
from ledger.projections.settlement import Settlement
from ledger.projections.settlement_queries import FundPlaces, fund_places
from ledger.projections.statement_balances import ASSETS, held_at, require_shown
from ledger.projections.statement_pages import Wanted, read_statement
from ledger.projections.statements import Statements
from ledger.projections.totals import Totals
from ledger.projections.totals_fold import place_of
from ledger.projections.totals_queries import (
    BonusTotals,
    Burn,
    ScenarioTotals,
    burn,
    liability,
    programme_totals,
    series,
)
from ledger.projector import Projector
from ledger.rebuild import rebuild
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.verify import verify
from tests.integration.drives import LIVES, Drives, drive_on, live
from tests.integration.market import PEOPLE, beside, fen

OTHER = "other_pages"
FUNDS = ("city", "bank")
FOLLOWED = (Totals, Leaderboards, Settlement, Statements)
DAY = timedelta(days=1)

_numbers = itertools.count(1)


@pytest.fixture
def opened(database: str) -> Iterator[Database]:
    with Database(database) as made:
        yield made


@pytest.fixture
def lived(opened: Database) -> Drives:
    """A programme in which everything happened by rule, with every view at its end."""
    market = Drives(opened)
    live(market)
    for view in FOLLOWED:
        market.follow(view.name)
    return market


def test_every_event_between_an_act_and_a_credit_is_in_the_log(lived: Drives) -> None:
    log = Log(lived.database)
    told = {type(log.decode(one)) for page in log.pages(lived.programme_id) for one in page}
    assert told >= {*EVENTS, CreditsDonated}


# --- Totals ----------------------------------------------------------------------------------------


def test_activities_stand_under_what_became_of_them_with_what_corrections_left(lived: Drives) -> None:
    with lived.reading(Totals.name) as reading:
        found = programme_totals(reading)
    # Drives 1 to 9: 4 and 40 km accepted with 4 and 36 credits (40 a day), a recomputed half, a void one.
    by_key = {(row.scenario_id, row.verdict): row for row in found.activities}
    assert by_key["drive", "accepted"].activities == 2
    assert by_key["drive", "discounted"] == ScenarioTotals("drive", "discounted", 1, 450, 4)
    assert by_key["drive", "void"] == ScenarioTotals("drive", "void", 1, 0, 0)
    assert by_key["drive", "dismissed"] == ScenarioTotals("drive", "dismissed", 1, 0, 0)
    assert by_key["drive", "rejected"] == ScenarioTotals("drive", "rejected", 1, 0, 0)
    assert ("drive", "held") not in by_key
    # What lapsed was earned all the same; its act did not happen after all.
    assert by_key["charge", "accepted"] == ScenarioTotals("charge", "accepted", 1, 2_500, 37)
    assert by_key["charge", "void"] == ScenarioTotals("charge", "void", 1, 0, 0)
    assert by_key["coach", "discounted"] == ScenarioTotals("coach", "discounted", 1, 80, 0)


def test_credits_stand_in_their_places_and_what_is_owed_is_told(lived: Drives) -> None:
    with lived.reading(Totals.name) as reading:
        found = programme_totals(reading)
        owed = liability(reading)
        begin = date(2026, 11, 22)
        row, *_ = series(reading, "day", begin, begin + DAY)
    places = found.of("CREDIT")
    assert sum(places.values()) == 0
    assert (places["retired"], row.retired) == (50, 10)
    assert found.owed_credits == -places["debt"] > 0
    assert row.claimed == 10 + 5 + 7
    assert sum(month.credits for month in owed) == found.outstanding_credits
    assert found.issued_credits == (
        found.outstanding_credits - found.owed_credits + places["retired"] + places["lapsed"]
    )


def test_what_is_held_counts_as_held_until_somebody_decides(opened: Database) -> None:
    market, acted = Drives(opened), date(2026, 11, 19)
    market.do(market.drive(1, 10, "dee", flag="jump", occurred_at=market.at - 3 * DAY))
    market.wait(2 * DAY)
    at = market.follow(Totals.name)
    with market.reading(Totals.name) as reading:
        found, (row,) = programme_totals(reading), series(reading, "day", acted, acted + DAY)
    assert found.activities == (ScenarioTotals("drive", "held", 1, 0, 0),)
    assert (found.participants, row.active, row.activities) == (2, 0, 0)
    market.do(market.release(1))
    market.follow(Totals.name, after=at)
    with market.reading(Totals.name) as reading:
        found, (row,) = programme_totals(reading), series(reading, "day", acted, acted + DAY)
    assert found.activities == (ScenarioTotals("drive", "accepted", 1, 1_000, 10),)
    assert (row.active, row.activities, row.amount_g, row.activity_credits) == (1, 1, 1_000, 10)
    assert row.issued == 0


def test_a_correction_counts_on_the_day_of_the_act_and_in_the_book_when_it_is_told(opened: Database) -> None:
    market = Drives(opened)
    market.do(market.drive(1, 10))
    market.wait(40 * DAY)
    market.do(market.correct(1, 4))
    market.follow(Totals.name)
    with market.reading(Totals.name) as reading:
        acted, corrected = (
            series(reading, "day", day, day + DAY)[0] for day in (date(2026, 11, 22), date(2027, 1, 1))
        )
        assert programme_totals(reading).bonuses == (BonusTotals("half-more", 2), BonusTotals("welcome", 7))
    assert (acted.amount_g, acted.activity_credits, acted.issued) == (400, 4, 22)
    assert (corrected.amount_g, corrected.activity_credits, corrected.issued) == (0, 0, -9)


def test_credits_issued_on_a_budget_burn_the_fund(opened: Database) -> None:
    market = Drives(opened)
    market.do(market.drive(1, 10))
    market.wait(DAY)
    market.do(market.correct(1, 4))
    market.follow(Totals.name)
    with market.reading(Totals.name) as reading:
        first = burn(reading, "city", on=date(2026, 11, 22), days=1)
        assert first == Burn(date(2026, 11, 22), 1, 600 - 45, 0, 0, 45)
        assert (first.burnt_fen, first.days_left) == (45, 12)
        assert burn(reading, "city", on=date(2026, 11, 23), days=1) == Burn(
            date(2026, 11, 23), 1, 600 - 18, 0, 0, -27
        )


# --- Funds, statements, leaderboards ---------------------------------------------------------------


def test_a_fund_has_what_backs_its_credits(opened: Database) -> None:
    market = Drives(opened)
    market.do(market.drive(1, 10))
    market.follow(Settlement.name)
    with market.reading(Settlement.name) as reading:
        assert fund_places(reading, "city") == FundPlaces(600, 555, 0, 0, 0, 0, 45)
        assert fund_places(reading, "bank") == FundPlaces(3_000, 3_000)


def test_pending_credits_and_debts_have_statements_like_any_account(lived: Drives) -> None:
    with lived.reading(Statements.name) as reading:
        for place in ("pending", "debt"):
            account = f"participant:ada:{place}" if place == "debt" else f"participant:bo:{place}"
            told = read_statement(reading, Wanted(account, ASSETS, order="oldest"), limit=100)
            assert told.entries
            assert told.entries[-1].balance == held_at(reading, account, lived.position)["CREDIT"]
        claims = read_statement(
            reading, Wanted("participant:bo:pending", ASSETS, topics=("credits.claimed",)), limit=100
        )
    (claim,) = claims.entries
    assert claim.topic == "credits.claimed"
    assert claim.amount < 0
    assert claim.counterparts == ["participant:bo"]


def test_accounts_within_an_erased_participants_are_not_there(opened: Database) -> None:
    market = Drives(opened)
    market.do(market.drive(1, 10, "dee", "charge"))
    market.wait(13 * timedelta(hours=1))
    market.do(market.lapse(1))
    market.leave("dee")
    market.follow(Statements.name)
    with market.reading(Statements.name) as reading:
        with pytest.raises(AccountNotFound):
            require_shown(reading, "participant:dee:pending")
        told = read_statement(reading, Wanted("lapsed", ASSETS), limit=10)
    assert [entry.counterparts for entry in told.entries] == [[]]


def ranked(market: Drives, question: Question) -> dict[str | None, tuple[int, int]]:
    """Grams and credits of everybody on a board."""
    with market.reading(Leaderboards.name) as reading:
        places = Leaderboard(reading, question).top(offset=0, limit=100).places
    return {place.participant_id: (place.amount_g, place.credits) for place in places}


def test_a_correction_moves_ranks_back_in_the_period_of_the_act(opened: Database) -> None:
    market = Drives(opened)
    market.do(market.drive(1, 10), market.drive(2, 9, "bo", "charge"))
    market.wait(40 * DAY)
    market.do(market.correct(1, 4), market.lapse(2))
    market.follow(Leaderboards.name)
    first, later = date(2026, 11, 22), date(2027, 1, 1)
    # By campaigns half more, and seven for the first: 4 + 2 + 7, and 9 + 4 + 7 that nobody claimed in time.
    assert list(ranked(market, Question("day", first, "grams")).items()) == [
        ("bo", (900, 20)),
        ("ada", (400, 13)),
    ]
    assert ranked(market, Question("month", later, "credits")) == {}
    assert ranked(market, Question("all", later, "credits")) == {"bo": (900, 20), "ada": (400, 13)}


def test_a_claim_earns_nothing_again(opened: Database) -> None:
    market = Drives(opened)
    market.do(market.drive(1, 10, "ada", "charge"))
    market.wait(10 * timedelta(hours=1))
    market.do(market.drive(2, 10, "ada", "charge"), market.claim(1), market.donate("participant:ada", 11))
    market.wait(2 * timedelta(hours=1))
    # What was claimed and given away is owed; the second claim pays it.
    market.do(market.correct(1, 0), market.claim(2))
    market.wait(DAY)
    market.follow(Leaderboards.name)
    (act,) = (act for act in market.acts(market.position) if act.credits)
    assert ranked(market, Question("all", date.min, "credits")) == {"ada": (1_000, act.credits)}
    assert ranked(market, Question("day", date(2026, 11, 23), "credits")) == {}


# --- It adds up ------------------------------------------------------------------------------------


def adds_up(market: Drives, until: int) -> None:
    """Hold the views, at a position, against what has become of every activity and against the legs."""
    acts, balances = market.acts(until), market.balances(until)
    counted: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    campaigns: Counter[str] = Counter()
    earned: dict[date, dict[str, tuple[int, int]]] = {}
    for act in acts:
        activity = act.activity
        counted[act.scenario_id, act.verdict]["activities"] += 1
        counted[act.scenario_id, act.counted]["amount_g"] += activity.amount_g
        counted[act.scenario_id, act.counted]["credits"] += activity.awarded_credits
        campaigns.update(act.bonuses)
        if act.has_counted:
            day = earned.setdefault(act.on, {})
            amount_g, earned_before = day.get(activity.participant_id, (0, 0))
            day[activity.participant_id] = amount_g + activity.amount_g, earned_before + act.credits
    _totals_add_up(market, counted, campaigns, balances)
    erased = {own_id for own_id in PEOPLE if _is_erased(market, own_id)}
    for on, expected in earned.items():
        shown = {own_id: sums for own_id, sums in expected.items() if own_id not in erased}
        assert ranked(market, Question("day", on, "credits")) == shown
    with market.reading(Settlement.name) as reading:
        funds = [fund_places(reading, own_id) for own_id in FUNDS]
    assert [fund.available_fen for fund in funds] == fen(balances, [f"fund:{f}:available" for f in FUNDS])
    assert [fund.backing_fen for fund in funds] == fen(balances, [f"fund:{f}:backing" for f in FUNDS])
    assert all(fund.committed_fen == sum(fund[1:]) for fund in funds)


def _is_erased(market: Drives, own_id: str) -> bool:
    with market.reading(Statements.name) as reading:
        try:
            require_shown(reading, f"participant:{own_id}")
        except AccountNotFound:
            return True
    return False


def _totals_add_up(
    market: Drives,
    counted: dict[tuple[str, str], Counter[str]],
    campaigns: Counter[str],
    balances: dict[tuple[str, str, str | None], int],
) -> None:
    with market.reading(Totals.name) as reading:
        found = programme_totals(reading)
        outstanding = sum(month.credits for month in liability(reading))
        available = [burn(reading, own_id, on=date(2039, 1, 1), days=9_999).available_fen for own_id in FUNDS]
    assert {
        (row.scenario_id, row.verdict): (row.activities, row.amount_g, row.credits)
        for row in found.activities
    } == {
        key: (sums["activities"], sums["amount_g"], sums["credits"])
        for key, sums in counted.items()
        if any(sums.values())
    }
    assert {row.campaign_id: row.credits for row in found.bonuses} == dict(campaigns)
    places: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for (account, asset, _), amount in balances.items():
        places[asset][place_of(account)] += amount
    assert found.places == {asset: dict(sums) for asset, sums in places.items()}
    assert not any(sum(sums.values()) for sums in found.places.values())
    of_bonuses = sum(row.credits for row in found.bonuses)
    assert sum(row.credits for row in found.activities) + of_bonuses == found.issued_credits
    assert sum(row.amount_g for row in found.activities) == found.avoided_g
    assert outstanding == found.outstanding_credits
    assert available == fen(balances, [f"fund:{own_id}:available" for own_id in FUNDS])


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(acts=LIVES, every=st.integers(5, 20))
def test_at_many_positions_the_views_are_what_has_become_of_every_activity(
    database: str, acts: list[tuple[object, ...]], every: int
) -> None:
    with Database(database) as opened:
        market = Drives(opened, programme_id=f"adds-{next(_numbers)}")
        for act in acts:
            drive_on(market, act)
        _check_on_the_way(market, every)
        market.writer.close()


def test_what_was_lived_adds_up_after_every_event(opened: Database) -> None:
    market = Drives(opened)
    live(market)
    _check_on_the_way(market, 1)


def _check_on_the_way(market: Drives, every: int) -> None:
    at = 0
    while at < market.position:
        until = min(at + every, market.position)
        for view in FOLLOWED:
            market.follow(view.name, after=at, until=until)
        at = until
        adds_up(market, at)


@pytest.fixture
def other_pages(database: str) -> str:
    """A database in which the views' tables are there twice."""
    for view in VIEWS.values():
        beside(database, OTHER, view)
    return database


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    acts=LIVES,
    cuts=st.sets(st.integers(1, 120), max_size=8),
    page_events_max=st.sampled_from([1, 7, 20_000]),
)
def test_wherever_pages_end_the_rows_of_every_view_are_the_same(
    other_pages: str, acts: list[tuple[object, ...]], cuts: set[int], page_events_max: int
) -> None:
    with Database(other_pages) as opened:
        market = Drives(opened, programme_id=f"cut-{next(_numbers)}")
        for act in acts:
            drive_on(market, act)
        _same_rows(market, cuts, page_events_max)
        market.writer.close()


def test_wherever_pages_end_what_was_lived_gives_the_same_rows(other_pages: str) -> None:
    with Database(other_pages) as opened:
        market = Drives(opened)
        live(market)
        _same_rows(market, set(range(30, market.position)), 1)
        market.writer.close()


def _same_rows(market: Drives, cuts: set[int], page_events_max: int) -> None:
    for name, view in VIEWS.items():
        market.follow(name)
        at = 0
        for until in [*sorted(cut for cut in cuts if cut < market.position), market.position]:
            # Each stretch is taken by a process of its own, which remembers nothing.
            at = market.follow(name, after=at, until=until, schema=OTHER, page_events_max=page_events_max)
        for table in view.tables:
            assert market.rows(table.name) == market.rows(table.name, OTHER), table.name


def test_what_was_lived_is_proven_and_is_the_same_when_built_again(database: str) -> None:
    with Database(database, connections_max=20, statement_ms_max=0) as opened:
        market = Drives(opened)
        live(market)
        market.writer.close()
        projector = Projector(database)
        while projector.step():
            pass
        projector.close()
        [report] = verify(opened)
        assert (report.findings, report.is_equal) == ([], True)
        assert rebuild(opened).is_equal
