"""Whatever is delivered and donated, in whatever order: no serial twice, and every sum as it must be."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.book import Account, Accounts
from ledger.domain.donation import CreditsDonated, DonateCredits, donate_credits
from ledger.domain.donation import evolve as evolve_donation
from ledger.domain.errors import InsufficientUnits, SerialsOverlap
from ledger.domain.sink import AddSinkUnits, Sink, add_units
from ledger.domain.sink import evolve as evolve_delivery
from tests.unit.builders import ADA, LATER, NOW, TODAY

PRICE_CREDITS = 3

serials = st.integers(1, 60)
deliveries = st.tuples(serials, st.integers(0, 12)).map(lambda one: ("deliver", one[0], one[0] + one[1]))
donations = st.integers(1, 15).map(lambda units: ("donate", units))
steps = st.lists(deliveries | donations, max_size=40)


class Project:
    """One project, and every serial by hand."""

    def __init__(self) -> None:
        self.sink = Sink(credits_per_unit=PRICE_CREDITS)
        self.free: set[int] = set()
        self.delivered: dict[int, str] = {}
        self.retired: dict[int, str] = {}
        self.certificates: list[str] = []

    def deliver(self, own_id: str, first: int, last: int) -> None:
        serials_of = range(first, last + 1)
        command = AddSinkUnits(
            occurred_at=NOW,
            id=own_id,
            project_id="forest",
            first_serial=first,
            last_serial=last,
            reference="report",
        )
        if not self.delivered.keys().isdisjoint(serials_of):
            with pytest.raises(SerialsOverlap) as refused:
                add_units(command, self.sink, NOW)
            told = refused.value
            assert self.delivered[max(first, told.first_serial)] == told.delivery_id
            return
        event = add_units(command, self.sink, NOW)
        self.delivered |= dict.fromkeys(serials_of, own_id)
        self.free |= set(serials_of)
        self.sink = evolve_delivery(self.sink, event) or self.sink

    def donate(self, own_id: str, units: int) -> None:
        command = DonateCredits(
            occurred_at=NOW, id=own_id, from_account=ADA, project_id="forest", units=units
        )
        accounts = Accounts()
        accounts.load({ADA: Account(status="open", lots={LATER: 1_000})})
        terms = (command, self.sink, accounts, "green-city", TODAY, NOW)
        if units > len(self.free):
            with pytest.raises(InsufficientUnits) as refused:
                donate_credits(*terms)
            assert refused.value.free_units == len(self.free)
            return
        event = donate_credits(*terms)
        self.take(own_id, units, event)
        self.sink = evolve_donation(self.sink, event) or self.sink

    def take(self, own_id: str, units: int, event: CreditsDonated) -> None:
        given = [
            (serial, one.delivery_id)
            for one in event.serials
            for serial in range(one.first_serial, one.last_serial + 1)
        ]
        expected = sorted(self.free)[:units]
        assert [serial for serial, _ in given] == expected
        assert all(self.delivered[serial] == delivery_id for serial, delivery_id in given)
        assert all(one.first_serial <= one.last_serial for one in event.serials)
        assert self.retired.keys().isdisjoint(expected), "each once"
        self.free -= set(expected)
        self.retired |= dict.fromkeys(expected, own_id)
        assert event.credits == units * PRICE_CREDITS
        assert [leg.amount for leg in event.legs] == [-event.credits, event.credits]
        self.certificates.append(event.certificate)

    def require_sums(self) -> None:
        sink = self.sink
        assert sink.units == len(self.delivered)
        assert sink.retired_units == len(self.retired)
        assert sink.free_units == len(self.free) == sum(one.free_units for one in sink.deliveries)
        assert sink.certificates == len(self.certificates) == len(set(self.certificates))
        ends = [end for one in sink.deliveries for end in (one.first_serial, one.last_serial)]
        assert ends == sorted(ends), "in order, and none over another"
        for one in sink.deliveries:
            assert one.first_serial <= one.next_serial <= one.last_serial + 1


@given(steps)
def test_serials_never_overlap_and_each_is_retired_at_most_once(steps: list[Any]) -> None:
    project = Project()
    for number, (what, *terms) in enumerate(steps):
        if what == "deliver":
            project.deliver(f"c{number}", *terms)
        else:
            project.donate(f"c{number}", *terms)
        project.require_sums()
