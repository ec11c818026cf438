"""Donating credits: which lots and which serials go, and what the donor is given for them."""

from itertools import pairwise
from typing import Any

import msgspec
import pytest

from ledger.domain import limits
from ledger.domain.book import Account, Accounts, Leg
from ledger.domain.donation import (
    CreditsDonated,
    DonateCredits,
    RetiredSerials,
    certificate_number,
    check_character,
    donate_credits,
    evolve,
)
from ledger.domain.errors import (
    AccountClosed,
    AccountFrozen,
    AccountNotFound,
    InsufficientCredits,
    InsufficientUnits,
    LedgerError,
    LotsExpired,
    SinkNotFound,
)
from ledger.domain.sink import Sink
from tests.unit.builders import (
    ADA,
    CAFE,
    DONATE,
    LATER,
    NOW,
    SCHOOL,
    TODAY,
    TOMORROW,
    YESTERDAY,
    but,
    converted,
    holding,
    one_fault,
    two_faults,
)
from tests.unit.test_sink import delivered, with_units


def donated(command: DonateCredits, sink: Sink | None, account: Account) -> CreditsDonated:
    accounts = Accounts()
    accounts.load({command.from_account: account})
    return donate_credits(command, sink, accounts, "green-city", TODAY, NOW)


def serials_of(event: CreditsDonated) -> list[tuple[str, int, int]]:
    return [(one.delivery_id, one.first_serial, one.last_serial) for one in event.serials]


def test_a_donation_retires_credits_and_units_and_gives_a_certificate() -> None:
    assert donated(DONATE, delivered((101, 200)), holding({LATER: 100})) == CreditsDonated(
        occurred_at=NOW,
        recorded_at=NOW,
        legs=(Leg(ADA, "CREDIT", LATER, -40), Leg("retired:forest", "CREDIT", LATER, 40)),
        id="donation-1",
        from_account=ADA,
        project_id="forest",
        units=2,
        credits=40,
        serials=(RetiredSerials(delivery_id="d1", first_serial=101, last_serial=102),),
        certificate="green-city/forest/000001-4",
    )


def test_grams_stay_where_they_are() -> None:
    event = donated(DONATE, delivered((101, 200)), holding({LATER: 100}))
    assert {leg.asset for leg in event.legs} == {"CREDIT"}


@pytest.mark.parametrize(
    ("lots", "taken"),
    [
        ({LATER: 50, TODAY: 50}, {TODAY: 40}),
        ({LATER: 50, TODAY: 30}, {TODAY: 30, LATER: 10}),
        ({LATER: 10, TOMORROW: 10, TODAY: 20}, {TODAY: 20, TOMORROW: 10, LATER: 10}),
        ({YESTERDAY: 50, LATER: 50}, {LATER: 40}),
    ],
)
def test_the_earliest_spendable_lots_go_first_and_keep_their_day(
    lots: dict[str, int], taken: dict[str, int]
) -> None:
    event = donated(DONATE, delivered((101, 200)), holding(lots))
    assert {leg.lot: leg.amount for leg in event.legs if leg.account == "retired:forest"} == taken
    assert {leg.lot: -leg.amount for leg in event.legs if leg.account == ADA} == taken


@pytest.mark.parametrize("donor", [SCHOOL, CAFE])
def test_organisations_and_merchants_donate_like_anybody(donor: str) -> None:
    event = donated(but(DONATE, from_account=donor), delivered((1, 9)), holding({LATER: 40}))
    assert event.from_account == donor


# ── Serials ──────────────────────────────────────────────────────────────────────────────────


def test_donations_go_on_where_the_one_before_ended() -> None:
    sink: Sink | None = delivered((101, 105))
    given = []
    for units in (2, 1, 2):
        event = donated(but(DONATE, units=units), sink, holding({LATER: 100}))
        given += serials_of(event)
        sink = evolve(sink, event)
    assert given == [("d1", 101, 102), ("d1", 103, 103), ("d1", 104, 105)]
    assert sink is not None
    assert (sink.units, sink.retired_units, sink.free_units, sink.certificates) == (5, 5, 0, 3)


def test_a_donation_may_span_deliveries_the_lowest_serials_first() -> None:
    sink = delivered((101, 102), (1, 1), (50, 90))
    event = donated(but(DONATE, units=5), sink, holding({LATER: 100}))
    assert serials_of(event) == [("d2", 1, 1), ("d3", 50, 53)]
    later = donated(but(DONATE, units=39), evolve(sink, event), holding({LATER: 1_000}))
    assert serials_of(later) == [("d3", 54, 90), ("d1", 101, 102)]


def test_a_delivery_of_lower_serials_that_comes_later_is_used_next() -> None:
    begun = delivered((101, 105))
    begun = evolve(begun, donated(DONATE, begun, holding({LATER: 100}))) or begun
    sink = with_units(begun, "d2", 1, 1)
    event = donated(DONATE, sink, holding({LATER: 100}))
    assert serials_of(event) == [("d2", 1, 1), ("d1", 103, 103)]


# ── Refusals ─────────────────────────────────────────────────────────────────────────────────


def refused(
    *, opened: bool = True, status: Any = "open", last: int = 102, lots: Any = None, donor: str = ADA
) -> LedgerError:
    account = holding({LATER: 40} if lots is None else lots, status=status)
    sink = delivered((101, last)) if opened else None
    with pytest.raises(LedgerError) as caught:
        donated(but(DONATE, from_account=donor), sink, account)
    return caught.value


FAULTS: list[Any] = [
    ({"opened": False}, SinkNotFound),
    ({"status": None}, AccountNotFound),
    ({"status": "closed"}, AccountClosed),
    ({"status": "frozen"}, AccountFrozen),
    ({"last": 101}, InsufficientUnits),
    ({"lots": {YESTERDAY: 40}}, LotsExpired),
    ({"lots": {LATER: 39}}, InsufficientCredits),
]


@pytest.mark.parametrize(("settings", "expected"), one_fault(FAULTS))
def test_a_donation_is_refused_for_each_fault(settings: dict[str, Any], expected: type[LedgerError]) -> None:
    assert type(refused(**settings)) is expected


@pytest.mark.parametrize(("earlier", "later"), two_faults(FAULTS))
def test_of_two_faults_of_a_donation_the_first_documented_is_told(
    earlier: dict[str, Any], later: dict[str, Any]
) -> None:
    alone, both = refused(**earlier), refused(**later, **earlier)
    assert (type(both), both.details()) == (type(alone), alone.details())


@pytest.mark.parametrize(
    ("settings", "details"),
    [
        ({"opened": False}, {"project_id": "forest"}),
        ({"status": "frozen"}, {"account": ADA}),
        ({"last": 101}, {"project_id": "forest", "needed_units": 2, "free_units": 1}),
        ({"lots": {LATER: 39}}, {"account": ADA, "needed_credits": 40, "spendable_credits": 39}),
    ],
)
def test_a_refusal_says_what_is_missing(settings: dict[str, Any], details: dict[str, Any]) -> None:
    assert refused(**settings).details() == details


def test_units_are_taken_at_their_bounds_and_refused_one_past_them() -> None:
    for units in (1, limits.DONATED_UNITS_MAX):
        assert converted(DONATE, units=units).units == units
    for wrong in (0, -1, limits.DONATED_UNITS_MAX + 1, 1.5, "1", True):
        with pytest.raises(msgspec.ValidationError):
            converted(DONATE, units=wrong)


# ── Certificates ─────────────────────────────────────────────────────────────────────────────


def test_a_certificate_is_numbered_within_its_project() -> None:
    numbers = [certificate_number("green-city", "forest", number) for number in (1, 999_999, 1_000_000)]
    assert [number[:-2] for number in numbers] == [
        "green-city/forest/000001",
        "green-city/forest/999999",
        "green-city/forest/1000000",
    ]


def test_the_check_character_is_that_of_the_standard() -> None:
    """The example that the standard of Global Release Identifiers gives: A1-2425G-ABC1234002-M."""
    for text in ("A12425GABC1234002", "a1-2425g-abc1234002"):
        assert check_character(text) == "M"


def test_one_wrong_character_or_two_neighbours_that_changed_places_are_seen() -> None:
    for text in ("green-city/forest/000123", "b1-1b/0z.z0/000001"):
        counted = [index for index, character in enumerate(text) if character.isalnum()]
        wrong = [
            text[:i] + other + text[i + 1 :]
            for i in counted
            for other in "0123456789abcdefghijklmnopqrstuvwxyz"
        ]
        swapped = [
            text[:i] + text[j] + text[i + 1 : j] + text[i] + text[j + 1 :] for i, j in pairwise(counted)
        ]
        slips = {*wrong, *swapped} - {text}
        assert not [slip for slip in slips if check_character(slip) == check_character(text)]
