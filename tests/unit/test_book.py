"""The double-entry book: every event balances, nothing is lost, and lots are taken in their order."""

from collections import Counter
from typing import Any

import pytest

from ledger.domain import addresses
from ledger.domain.book import Account, Accounts, Leg, take_earliest
from ledger.domain.messages import Event
from ledger.domain.registers import EveryRegister
from ledger.domain.state import ProgrammeState
from ledger.domain.topics import EVENTS
from tests.unit.builders import (
    ADA,
    BANK,
    BO,
    CAFE,
    CITY,
    LATER,
    SCHOOL,
    TODAY,
    TOMORROW,
    holding,
    unbalanced,
)
from tests.unit.story import story

DISTRICT = "org:district"
TOLD = [event for _, events in story().told for event in events]

# ── Every event ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.topic)
def test_the_legs_of_every_event_sum_to_zero_for_each_asset(kind: type[Event]) -> None:
    events = [event for event in TOLD if type(event) is kind]
    assert events, "the story tells every kind of event"
    for event in events:
        assert unbalanced(event.legs) == {}
        assert all(leg.amount for leg in event.legs), "no leg moves nothing"


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.topic)
def test_credits_lie_in_lots_and_nothing_else_does(kind: type[Event]) -> None:
    legs = [leg for event in TOLD if type(event) is kind for leg in event.legs]
    assert all((leg.asset == addresses.CREDIT) == (leg.lot is not None) for leg in legs)
    assert {leg.asset for leg in legs} <= {"gCO2e", "CREDIT", "CNY"}


def test_each_lot_balances_in_every_event() -> None:
    for event in TOLD:
        by_lot: Counter[str | None] = Counter()
        for leg in event.legs:
            if leg.asset == addresses.CREDIT:
                by_lot[leg.lot] += leg.amount
        assert not any(by_lot.values()), event.topic


PLACES = ("participant", "pending", "held", "redeemed", "expired", "lapsed", "retired", "debt")
"""Where credits can be; a debt is below zero."""


def sums() -> Counter[tuple[str, str]]:
    """The whole book of the story, by asset and by what kind of place the address is."""
    book: Counter[tuple[str, str]] = Counter()
    for event in TOLD:
        for leg in event.legs:
            book[leg.asset, place_of(leg.account)] += leg.amount
    return book


def place_of(address: str) -> str:
    kind, _, rest = address.partition(":")
    return rest.partition(":")[2] or kind


def test_grams_are_conserved() -> None:
    book = sums()
    assert book["gCO2e", "nature"] + book["gCO2e", "participant"] == 0
    assert book["gCO2e", "nature"] == -(269 + 720 + 1000 + 500 + 800), (
        "a ride and four drives, two of them corrected"
    )


def test_credits_issued_and_adjusted_are_all_somewhere() -> None:
    book = sums()
    put_in = -book["CREDIT", "issuance"] - book["CREDIT", "adjusted"]
    assert put_in == sum(book["CREDIT", place] for place in PLACES) == 2 + 90 + 10 - 3 + 7 + 10 + 5 + 8 + 4


def test_what_was_issued_of_each_lot_is_somewhere() -> None:
    by_lot: Counter[tuple[str, bool]] = Counter()
    for event in TOLD:
        for leg in event.legs:
            if leg.lot is not None:
                is_put_in = leg.account in {"issuance", "adjusted"}
                by_lot[leg.lot, is_put_in] += leg.amount
                assert is_put_in or place_of(leg.account) in PLACES
    lots = {lot for lot, _ in by_lot}
    assert lots == {TODAY, LATER}
    assert all(by_lot[lot, False] == -by_lot[lot, True] for lot in lots)


def test_money_funded_is_available_set_aside_payable_or_withheld() -> None:
    book = sums()
    places = ("available", "backing", "encumbered", "recoverable", "payable", "settling", "paid", "fees")
    assert -book["CNY", "external"] == sum(book["CNY", place] for place in places) == 22_000


def test_only_counter_accounts_stand_below_zero() -> None:
    below = {
        address for (address, _, _), amount in story().state.accounts.changed_balances.items() if amount < 0
    }
    assert below == {
        *("nature", "issuance", "adjusted", "sponsor:council:external", "sponsor:treasury:external")
    }


def test_folding_the_events_again_gives_the_same_book() -> None:
    told, again = story().state, ProgrammeState("green-city")
    owners = [ADA, BO, "participant:cy", "participant:dora", DISTRICT, SCHOOL, CAFE, CITY, BANK]
    owners += ["fund:grants", "sponsor:treasury"]
    again.accounts.load({address: Account() for address in owners})
    again.registers = EveryRegister()
    again.facts = dict.fromkeys(told.facts)
    for event in TOLD:
        again.apply(event)
    assert again.accounts.changed_balances == told.accounts.changed_balances
    assert (again.position, again.recorded_at) == (told.position, told.recorded_at)
    assert again.facts.items() <= told.facts.items()
    assert again.registers.drain() == told.registers.drain()
    assert {address: again.accounts[address] for address in owners} == {
        address: told.accounts[address] for address in owners
    }


# ── Lots ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("needed", "taken"),
    [
        (1, [(TODAY, 1)]),
        (4, [(TODAY, 4)]),
        (5, [(TODAY, 4), (TOMORROW, 1)]),
        (10, [(TODAY, 4), (TOMORROW, 6)]),
        (11, None),
    ],
)
def test_lots_are_taken_in_their_order_until_they_cover_the_need(needed: int, taken: Any) -> None:
    assert take_earliest([(TODAY, 4), (TOMORROW, 6)], needed) == taken


def test_nothing_can_be_taken_where_nothing_is() -> None:
    assert take_earliest([], 1) is None


def test_lots_are_told_earliest_first_and_empty_ones_left_out() -> None:
    account = holding({LATER: 1, TODAY: 2, TOMORROW: 0})
    assert account.lots_in_order() == [(TODAY, 2), (LATER, 1)]
    assert account.total("CREDIT") == 3
    assert account.total("gCO2e") == 0


# ── Accounts in memory ───────────────────────────────────────────────────────────────────────


def test_reading_an_address_that_was_not_loaded_is_a_fault_of_the_caller() -> None:
    accounts = Accounts()
    with pytest.raises(KeyError):
        accounts[ADA]
    assert ADA not in accounts
    accounts.load({ADA: Account()})
    assert ADA in accounts
    assert len(accounts) == 1


def test_an_address_loaded_late_knows_what_was_posted_to_it_before() -> None:
    accounts = Accounts()
    accounts.post([Leg(ADA, "CREDIT", LATER, 5), Leg(ADA, "gCO2e", None, 7), Leg(BO, "CREDIT", LATER, 1)])
    accounts.load({ADA: holding({LATER: 10, TODAY: 1})})
    assert accounts[ADA].lots == {LATER: 15, TODAY: 1}
    assert accounts[ADA].total("gCO2e") == 7


def test_an_address_loaded_after_the_store_was_told_is_not_counted_twice() -> None:
    accounts = Accounts()
    accounts.post([Leg(ADA, "CREDIT", LATER, 5)])
    assert accounts.drain() == ({(ADA, "CREDIT", LATER): 5}, set())
    accounts.load({ADA: holding({LATER: 5})})
    assert accounts[ADA].lots == {LATER: 5}


def test_changes_are_summed_by_address_asset_and_lot_and_handed_over_once() -> None:
    accounts = Accounts()
    accounts.load({ADA: holding()})
    accounts.post([Leg(ADA, "CREDIT", LATER, 5), Leg("issuance", "CREDIT", LATER, -5)])
    accounts.post([Leg(ADA, "CREDIT", LATER, -2), Leg(ADA, "CREDIT", TODAY, 1)])
    accounts.set_status(ADA, "frozen")
    balances, owners = accounts.drain()
    assert balances == {
        (ADA, "CREDIT", LATER): 3,
        (ADA, "CREDIT", TODAY): 1,
        ("issuance", "CREDIT", LATER): -5,
    }
    assert owners == {ADA}
    assert accounts.drain() == ({}, set())
    assert accounts[ADA].status == "frozen"


def test_gifts_are_counted_by_month_and_an_earlier_month_never_comes_back() -> None:
    accounts = Accounts()
    accounts.load({ADA: holding()})
    for month, amount in (("2026-11", 5), ("2026-11", 6), ("2026-12", 7), ("2026-11", 9)):
        accounts.add_given(ADA, month, amount)
    assert (accounts[ADA].given_month, accounts[ADA].given_credits) == ("2026-12", 7)
    assert accounts.drain()[1] == {ADA}


def test_two_accounts_never_share_their_lots() -> None:
    first, second = Account(), Account()
    first.add("CREDIT", LATER, 1)
    first.add("CNY", None, 1)
    assert (second.lots, second.others) == ({}, {})


# ── Addresses ────────────────────────────────────────────────────────────────────────────────


def test_addresses_read_as_the_documents_write_them() -> None:
    assert [
        addresses.participant("a"),
        addresses.held(addresses.participant("a")),
        addresses.pending(addresses.participant("a")),
        addresses.debt(addresses.participant("a")),
        addresses.organisation("a"),
        addresses.merchant("a"),
        addresses.payable("a"),
        addresses.fund("a"),
        addresses.available("a"),
        addresses.encumbered("a"),
        addresses.backing("a"),
        addresses.external("a"),
    ] == [
        "participant:a",
        "participant:a:held",
        "participant:a:pending",
        "participant:a:debt",
        "org:a",
        "merchant:a",
        "merchant:a:payable",
        "fund:a",
        "fund:a:available",
        "fund:a:encumbered",
        "fund:a:backing",
        "sponsor:a:external",
    ]
