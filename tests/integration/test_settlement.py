"""The settlement view over a real database: it adds up at every position, wherever pages end."""

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.domain.errors import RedemptionNotFound
from ledger.projections.settlement import Settlement
from ledger.projections.settlement_queries import (
    FundMoney,
    FundPlaces,
    LinesAfter,
    MerchantSettlement,
    Money,
    Period,
    StatementLine,
    fund_places,
    merchant_settlement,
    settled_redemption,
    settlements,
    statement_lines,
)
from ledger.store.database import Database
from tests.integration.market import ACTS, Market, beside, fen, happen

VIEW = Settlement.name
OTHER = "other_pages"
MERCHANTS, FUNDS = ("cafe", "shop"), ("city", "bank")
SHANGHAI_MIDNIGHT = datetime(2026, 11, 30, 16, tzinfo=UTC)
"""The first instant of December in Shanghai."""
SECOND = timedelta(seconds=1)

_numbers = itertools.count(1)


@pytest.fixture
def opened(database: str) -> Iterator[Database]:
    with Database(database) as made:
        yield made


def stocked(opened: Database, **terms: object) -> Market:
    """A market in which Ada has credits and two funds have money."""
    market = Market(opened, **terms)  # type: ignore[arg-type]
    market.do(
        market.give("participant:ada", 500), market.commit(10_000, "city"), market.commit(10_000, "bank")
    )
    return market


def merchant(market: Market, merchant_id: str = "cafe", *period: date) -> MerchantSettlement:
    with market.reading(VIEW) as reading:
        return merchant_settlement(reading, merchant_id, Period(*period))


def lines(market: Market, merchant_id: str = "cafe", *period: date) -> list[StatementLine]:
    with market.reading(VIEW) as reading:
        after = LinesAfter(reading.position)
        return statement_lines(reading, merchant_id, Period(*period), after=after, limit=1_000)


def places(market: Market, fund_id: str) -> FundPlaces:
    with market.reading(VIEW) as reading:
        return fund_places(reading, fund_id)


# --- What a redemption makes ----------------------------------------------------------------------


def test_a_use_is_a_line_with_its_money_split_over_the_funds(opened: Database) -> None:
    market = stocked(opened)
    market.do(market.hold("tea", fee_fen=100, offer_id="green-tea"), market.use("tea", store_id="gate"))
    market.follow(VIEW)
    (line,) = lines(market)
    redemption = line.redemption
    assert (line.kind, line.credits, line.position) == ("use", 10, market.position)
    assert redemption.money == Money(900, 100)
    # 100 分 of the fee go by 600 : 300, and the larger remainder is the first fund's.
    assert redemption.funds == (FundMoney("city", Money(600, 67)), FundMoney("bank", Money(300, 33)))
    assert (redemption.offer_id, redemption.store_id, redemption.status) == ("green-tea", "gate", "fulfilled")
    assert (redemption.participant_id, redemption.credits) == ("ada", 10)
    assert redemption.fulfilled is not None
    assert redemption.fulfilled.recorded_at == market.at
    assert redemption.held.position == market.position - 1
    settled = merchant(market)
    assert (settled.uses.lines, settled.refunds.lines) == (1, 0)
    assert settled.net.payable_fen == 800
    assert settled.funds == (FundMoney("bank", Money(300, 33)), FundMoney("city", Money(600, 67)))


def test_a_refund_is_a_line_of_its_own_in_its_own_period(opened: Database) -> None:
    market = stocked(opened, at=SHANGHAI_MIDNIGHT - SECOND)
    market.do(market.hold("tea", fee_fen=100), market.use("tea"))
    market.wait(SECOND)
    market.do(market.refund("tea"))
    market.follow(VIEW)
    november, december = date(2026, 11, 1), date(2026, 12, 1)
    (use,) = lines(market, "cafe", november, december)
    (refund,) = lines(market, "cafe", december)
    assert (use.kind, use.local_day) == ("use", date(2026, 11, 30))
    assert (refund.kind, refund.local_day, refund.credits) == ("refund", december, -10)
    assert merchant(market, "cafe", november, december).net == Money(900, 100)
    assert merchant(market, "cafe", december).net == Money(-900, -100)
    assert merchant(market, "cafe", december).funds == (
        FundMoney("bank", Money(-300, -33)),
        FundMoney("city", Money(-600, -67)),
    )
    assert merchant(market).net == Money(0, 0)


def test_a_late_report_belongs_to_the_period_of_its_recording(opened: Database) -> None:
    market = stocked(opened, at=SHANGHAI_MIDNIGHT)
    market.do(market.hold("tea"), market.use("tea", occurred_at=SHANGHAI_MIDNIGHT - timedelta(days=9)))
    market.follow(VIEW)
    assert merchant(market, "cafe", date(2026, 11, 1), date(2026, 12, 1)).uses.lines == 0
    assert merchant(market, "cafe", date(2026, 12, 1)).uses.lines == 1


@pytest.mark.parametrize(
    ("time_zone", "at", "day"),
    [
        ("Asia/Shanghai", datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC), date(2026, 12, 31)),
        ("Asia/Shanghai", datetime(2026, 12, 31, 16, tzinfo=UTC), date(2027, 1, 1)),
        ("Asia/Shanghai", datetime(2028, 2, 28, 16, tzinfo=UTC), date(2028, 2, 29)),
        # New York's day of 25 hours.
        ("America/New_York", datetime(2026, 11, 1, 4, tzinfo=UTC), date(2026, 11, 1)),
        ("America/New_York", datetime(2026, 11, 2, 4, 59, 59, tzinfo=UTC), date(2026, 11, 1)),
        ("America/New_York", datetime(2026, 11, 2, 5, tzinfo=UTC), date(2026, 11, 2)),
    ],
)
def test_a_line_counts_on_the_local_day_of_the_programme(
    opened: Database, time_zone: str, at: datetime, day: date
) -> None:
    market = stocked(opened, at=at, time_zone=time_zone)
    market.do(market.hold("tea"), market.use("tea"))
    market.follow(VIEW)
    (line,) = lines(market, "cafe", day, day + timedelta(days=1))
    assert line.local_day == day
    assert lines(market, "cafe", day + timedelta(days=1)) == []


def test_a_hold_a_cancellation_and_a_release_are_no_lines_but_move_the_funds(opened: Database) -> None:
    market = stocked(opened)
    market.do(market.hold("a"), market.hold("b"), market.cancel("b"))
    market.do(market.hold("c", deadline_at=market.at + SECOND))
    market.follow(VIEW)
    assert lines(market) == []
    assert places(market, "city") == FundPlaces(10_000, 8_800, 1_200)
    market.wait(timedelta(days=3))
    market.expire()
    market.follow(VIEW, after=market.position - 3)
    assert places(market, "city") == FundPlaces(10_000, 9_400, 600)
    with market.reading(VIEW) as reading:
        statuses = {own_id: settled_redemption(reading, own_id).status for own_id in "abc"}
        assert statuses == {"a": "held", "b": "cancelled", "c": "released"}
        with pytest.raises(RedemptionNotFound):
            settled_redemption(reading, "d")


def test_where_a_funds_money_is_sums_to_what_was_committed(opened: Database) -> None:
    market = stocked(opened)
    market.do(market.hold("a", fee_fen=100), market.use("a"), market.hold("b"))
    market.follow(VIEW)
    assert places(market, "city") == FundPlaces(10_000, 8_800, 600, 533, 67, 0)
    assert places(market, "bank") == FundPlaces(10_000, 9_400, 300, 267, 33, 0)
    assert places(market, "nobody") == FundPlaces()


def test_a_fee_of_the_whole_face_value_leaves_the_merchant_nothing_and_is_a_line(opened: Database) -> None:
    market = stocked(opened)
    market.do(market.hold("a", fee_fen=900))
    market.follow(VIEW)
    market.do(market.use("a"))
    market.follow(VIEW, after=market.position - 1)
    assert merchant(market).net == Money(900, 900)
    assert places(market, "city") == FundPlaces(10_000, 9_400, 0, 0, 600, 0)


def test_an_erased_participant_is_on_no_line_any_more(opened: Database) -> None:
    market = Market(opened)
    market.do(market.commit(900, "city"), market.commit(900, "bank"), market.give("participant:ada", 10))
    market.do(market.hold("tea"), market.use("tea"))
    market.leave("ada")
    market.follow(VIEW)
    (line,) = lines(market)
    assert line.redemption.participant_id is None
    assert line.redemption.money == Money(900, 0)
    assert not [row for table in Settlement.tables for row in market.rows(table.name) if "ada" in row]


# --- Reading ---------------------------------------------------------------------------------------


def test_pages_of_lines_make_one_statement_whatever_is_written_meanwhile(opened: Database) -> None:
    market = stocked(opened)
    for number in range(5):
        market.do(market.hold(f"r{number}"), market.use(f"r{number}"))
        market.wait(timedelta(hours=7))
    at = market.follow(VIEW)
    whole = lines(market)
    with market.reading(VIEW) as reading:
        after = LinesAfter(reading.position)
        pages = statement_lines(reading, "cafe", Period(), after=after, limit=2)
    market.do(market.refund("r4"), market.hold("r5"), market.use("r5"))
    market.follow(VIEW, after=at)
    while True:
        after = LinesAfter(at, pages[-1].local_day, pages[-1].position)
        with market.reading(VIEW) as reading:
            page = statement_lines(reading, "cafe", Period(), after=after, limit=2)
        if not page:
            break
        pages += page
    assert pages == whole
    assert [line.redemption.status for line in pages] == ["fulfilled"] * 5
    assert lines(market)[4].redemption.status == "refunded"
    assert len(lines(market)) == 7


def test_merchants_come_by_id_and_those_without_a_line_not_at_all(opened: Database) -> None:
    market = stocked(opened)
    market.do(market.hold("a"), market.use("a"), market.hold("b", merchant_id="shop"))
    market.follow(VIEW)
    with market.reading(VIEW) as reading:
        assert [one.merchant_id for one in settlements(reading, Period(), after="", limit=9)] == ["cafe"]
    market.do(market.use("b"))
    market.follow(VIEW, after=market.position - 1)
    with market.reading(VIEW) as reading:
        both = settlements(reading, Period(), after="", limit=9)
        assert both == [merchant(market, "cafe"), merchant(market, "shop")]
        assert settlements(reading, Period(), after="", limit=1) == both[:1]
        assert settlements(reading, Period(), after="cafe", limit=1) == both[1:]


# --- It adds up ------------------------------------------------------------------------------------


def adds_up(market: Market, until: int) -> None:
    """Hold the view, at a position, against the legs of the log up to there."""
    balances = market.balances(until)
    with market.reading(VIEW) as reading:
        assert reading.position == until
        settled = [merchant_settlement(reading, own_id, Period()) for own_id in MERCHANTS]
        funds = [fund_places(reading, own_id) for own_id in FUNDS]
        listed = [
            statement_lines(reading, own_id, Period(), after=LinesAfter(until), limit=1_000)
            for own_id in MERCHANTS
        ]
    assert [one.net.payable_fen for one in settled] == fen(
        balances, [f"merchant:{m}:payable" for m in MERCHANTS]
    )
    assert [fen(balances, ["fees"])[0]] * 2 == [
        sum(one.net.fee_fen for one in settled),
        sum(fund.fees_fen for fund in funds),
    ]
    assert [fund.available_fen for fund in funds] == fen(balances, [f"fund:{f}:available" for f in FUNDS])
    assert [fund.encumbered_fen for fund in funds] == fen(balances, [f"fund:{f}:encumbered" for f in FUNDS])
    assert sum(fund.payable_fen for fund in funds) == sum(one.net.payable_fen for one in settled)
    assert sum(fund.committed_fen for fund in funds) == -fen(balances, ["sponsor:council:external"])[0]
    assert all(fund.committed_fen == sum(fund[1:]) for fund in funds)
    for one, own in zip(settled, listed, strict=True):
        assert one.net == Money(
            sum(line.money.face_value_fen for line in own),
            sum(line.money.fee_fen for line in own),
        )
        assert one.uses.lines + one.refunds.lines == len(own)
        assert sum(share.money.payable_fen for share in one.funds) == one.net.payable_fen


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(acts=st.lists(ACTS, min_size=10, max_size=60))
def test_at_every_position_the_view_is_what_the_legs_say(
    database: str, acts: list[tuple[object, ...]]
) -> None:
    with Database(database) as opened:
        market = stocked(opened, programme_id=f"adds-{next(_numbers)}")
        for act in acts:
            happen(market, act)
        for until in range(1, market.position + 1):
            market.follow(VIEW, after=until - 1, until=until)
            if until % 5 == 0 or until == market.position:
                adds_up(market, until)
        market.writer.close()


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    acts=st.lists(ACTS, min_size=10, max_size=60),
    cuts=st.sets(st.integers(1, 90), max_size=8),
    page_events_max=st.sampled_from([1, 7, 20_000]),
)
def test_wherever_pages_end_the_rows_are_the_same(
    other_pages: str, acts: list[tuple[object, ...]], cuts: set[int], page_events_max: int
) -> None:
    with Database(other_pages) as opened:
        market = stocked(opened, programme_id=f"cut-{next(_numbers)}")
        for act in acts:
            happen(market, act)
        market.follow(VIEW)
        at = 0
        for until in [*sorted(cut for cut in cuts if cut < market.position), market.position]:
            # Each stretch is taken by a process of its own, which remembers nothing.
            at = market.follow(VIEW, after=at, until=until, schema=OTHER, page_events_max=page_events_max)
        for table in Settlement.tables:
            assert market.rows(table.name) == market.rows(table.name, OTHER), table.name
        market.writer.close()


@pytest.fixture
def other_pages(database: str) -> str:
    """A database in which the view's tables are there twice."""
    beside(database, OTHER, Settlement)
    return database
