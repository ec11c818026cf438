"""What a page of events does to accounts, and what the answers make of it: no database."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from api.statement_cursors import CURSOR_CHARS_MAX, cursor_of, digest_of, place_of
from ledger.domain.addresses import CNY, CREDIT, GRAMS
from ledger.domain.book import Leg
from ledger.domain.limits import OCCURRED_AT_MIN, POSITION_MAX
from ledger.domain.transfer import CreditsTransferred
from ledger.projections.statement_balances import ASSETS, LotAmount, lots_of, participant_of
from ledger.projections.statement_pages import Place, Total, counterparts_of
from ledger.projections.statements import HOUR_US, lines_of, nets, sums_of
from ledger.projections.view import Entry, Page
from ledger.store.arrays import microseconds_since_2000
from tests.unit.builders import ADA, BO, CAFE, LATER, NOW, TODAY, World

DAY_US = 24 * HOUR_US
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
LEAP_DAY = datetime(2028, 2, 29, tzinfo=UTC)
DIGEST = digest_of(("a", "question"))


def _moved(giver: str, taker: str, amount: int, lot: str = LATER) -> tuple[Leg, ...]:
    return Leg(giver, CREDIT, lot, -amount), Leg(taker, CREDIT, lot, amount)


def _page(*moves: tuple[datetime, Sequence[Leg]]) -> Page:
    entries = [
        Entry(
            position,
            UUID(int=position),
            1,
            "credits.transferred",
            b"",
            CreditsTransferred(
                occurred_at=at,
                recorded_at=NOW,
                legs=tuple(legs),
                id=str(position),
                from_account=ADA,
                to_account=BO,
                credits=1,
            ),
        )
        for position, (at, legs) in enumerate(moves, start=1)
    ]
    (opened,) = World().told[0][1]
    return Page(opened, 0, entries)  # type: ignore[arg-type]  # the first event opens it


# --- The fold ----------------------------------------------------------------------------------


def test_several_lots_of_an_account_are_one_entry() -> None:
    legs = [*_moved(ADA, BO, 3, TODAY), *_moved(ADA, BO, 4)]
    assert dict(nets(legs)) == {(ADA, CREDIT): -7, (BO, CREDIT): 7}


def test_an_exchange_of_lots_is_an_entry_of_nothing() -> None:
    assert list(nets([Leg(ADA, CREDIT, TODAY, -5), Leg(ADA, CREDIT, LATER, 5)])) == [((ADA, CREDIT), 0)]


def test_different_assets_of_an_account_are_different_entries() -> None:
    legs = [Leg(ADA, GRAMS, None, 9), Leg("nature", GRAMS, None, -9), *_moved("issuance", ADA, 2)]
    assert dict(nets(legs)) == {
        (ADA, GRAMS): 9,
        ("nature", GRAMS): -9,
        ("issuance", CREDIT): -2,
        (ADA, CREDIT): 2,
    }


def test_an_event_without_legs_leaves_no_line() -> None:
    assert lines_of(_page((NOW, ()))) == {}


def test_lines_of_an_account_stand_in_the_order_of_the_log() -> None:
    lines = lines_of(_page((NOW, _moved(ADA, BO, 1)), (NOW - timedelta(days=1), _moved(BO, ADA, 2))))
    assert [(position, amount) for position, amount, _, _ in lines[ADA, CREDIT]] == [(1, -1), (2, 2)]


def test_participants_have_no_sums_and_everybody_else_has() -> None:
    sums = sums_of(lines_of(_page((NOW, _moved("issuance", ADA, 1)), (NOW, _moved(f"{ADA}:held", CAFE, 1)))))
    assert {account for account, _, _, _ in sums} == {"issuance", CAFE}


@pytest.mark.parametrize(
    ("at", "hour", "day"),
    [
        (MIDNIGHT - timedelta(microseconds=1), MIDNIGHT - timedelta(hours=1), MIDNIGHT - timedelta(days=1)),
        (MIDNIGHT, MIDNIGHT, MIDNIGHT),
        (MIDNIGHT + timedelta(minutes=59, seconds=59), MIDNIGHT, MIDNIGHT),
        (MIDNIGHT + timedelta(hours=1), MIDNIGHT + timedelta(hours=1), MIDNIGHT),
        (LEAP_DAY + timedelta(hours=12), LEAP_DAY + timedelta(hours=12), LEAP_DAY),
        (OCCURRED_AT_MIN, OCCURRED_AT_MIN, OCCURRED_AT_MIN),
    ],
)
def test_an_instant_belongs_to_the_hour_and_day_that_it_begins_or_lies_in(
    at: datetime, hour: datetime, day: datetime
) -> None:
    sums = sums_of(lines_of(_page((at, _moved("issuance", ADA, 5)))))
    assert sums == {
        ("issuance", CREDIT, "hour", microseconds_since_2000(hour)): (-5, 1, 1),
        ("issuance", CREDIT, "day", microseconds_since_2000(day)): (-5, 1, 1),
    }


def test_a_day_is_the_sum_of_its_hours_and_knows_its_first_and_last_event() -> None:
    late, early = MIDNIGHT + timedelta(hours=20), MIDNIGHT + timedelta(hours=2)
    moves = [(late, _moved(CAFE, ADA, 1)), (early, _moved(CAFE, ADA, 2)), (late, _moved(CAFE, ADA, 4))]
    sums = sums_of(lines_of(_page(*moves)))
    assert sums[CAFE, CREDIT, "day", microseconds_since_2000(MIDNIGHT)] == (-7, 1, 3)
    assert sums[CAFE, CREDIT, "hour", microseconds_since_2000(late)] == (-5, 1, 3)
    assert sums[CAFE, CREDIT, "hour", microseconds_since_2000(early)] == (-2, 2, 2)


# --- What a line shows -------------------------------------------------------------------------


def test_counterparts_are_those_on_the_other_side() -> None:
    legs = [Leg("fund:a:encumbered", CNY, None, -4), Leg("fund:b:encumbered", CNY, None, -3)]
    legs += [Leg("merchant:m:payable", CNY, None, 6), Leg("fees", CNY, None, 1)]
    assert counterparts_of("fund:a:encumbered", -4, legs) == ["fees", "merchant:m:payable"]
    assert counterparts_of("fees", 1, legs) == ["fund:a:encumbered", "fund:b:encumbered"]


def test_an_exchange_of_lots_has_everybody_else_for_counterparts() -> None:
    exchange = [Leg(ADA, CREDIT, TODAY, -5), Leg(ADA, CREDIT, LATER, 5)]
    assert counterparts_of(ADA, 0, exchange) == []
    through_bo = [*exchange, Leg(BO, CREDIT, TODAY, 5), Leg(BO, CREDIT, LATER, -5)]
    assert counterparts_of(ADA, 0, through_bo) == [BO]


def test_lots_are_in_order_and_empty_ones_left_out() -> None:
    legs = [*_moved(BO, ADA, 4), *_moved(BO, ADA, 3, TODAY), *_moved(ADA, BO, 4)]
    assert lots_of(ADA, legs) == [LotAmount(TODAY, 3)]
    assert lots_of(BO, legs) == [LotAmount(TODAY, -3)]


def test_a_sub_account_is_its_participants() -> None:
    assert participant_of(ADA) == participant_of(f"{ADA}:held") == "ada"
    assert participant_of("org:ada") is participant_of("issuance") is None


# --- Cursors -----------------------------------------------------------------------------------


def test_a_cursor_carries_its_place() -> None:
    for totals in (None, [], [Total(CREDIT, -1, 2)]):
        place = Place(9, 7, CREDIT, totals)
        assert place_of(cursor_of(place, DIGEST), DIGEST) == place


def test_the_longest_cursor_is_within_its_bound() -> None:
    totals = [Total(asset, -POSITION_MAX - 1, -POSITION_MAX - 1) for asset in ASSETS]
    text = cursor_of(Place(POSITION_MAX, POSITION_MAX, CREDIT, totals), DIGEST)
    assert len(text) <= CURSOR_CHARS_MAX
    assert place_of(text, DIGEST) is not None


def test_a_cursor_of_another_question_is_none() -> None:
    assert place_of(cursor_of(Place(9, 7, CREDIT, []), DIGEST), digest_of(("another",))) is None


@pytest.mark.parametrize(
    "text", ["", "x", "!!!!", "WzFd", "bnVsbA", "é", "A" * (CURSOR_CHARS_MAX + 1), "//8", "_w", "WyJhIiwxXQ"]
)
def test_what_is_no_cursor_is_none(text: str) -> None:
    assert place_of(text, DIGEST) is None


@pytest.mark.parametrize(
    "place",
    [
        Place(-1, 0, CREDIT, []),
        Place(POSITION_MAX + 1, 0, CREDIT, []),
        Place(5, 6, CREDIT, []),
        Place(5, -1, CREDIT, []),
        Place(5, 5, "GOLD", []),
        Place(5, 5, CREDIT, [Total(CREDIT, 2**63, 0)]),
    ],
)
def test_a_cursor_with_an_impossible_place_is_none(place: Place) -> None:
    assert place_of(cursor_of(place, DIGEST), DIGEST) is None
