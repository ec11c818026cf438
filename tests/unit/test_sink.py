"""Carbon-sink projects and the units delivered to them."""

from typing import Any

import msgspec
import pytest

from ledger.domain import limits
from ledger.domain.errors import (
    LedgerError,
    SerialRangeEmpty,
    SerialsOverlap,
    SinkNotFound,
    TooManyDeliveries,
)
from ledger.domain.sink import Delivery, Sink, SinkOpened, add_units, evolve
from tests.unit.builders import ADD_UNITS, NOW, OPEN_SINK, but, converted, one_fault, two_faults


def delivered(*ranges: tuple[int, int]) -> Sink:
    """A project with a delivery for each pair of first and last serial, named by its number."""
    sink = Sink(credits_per_unit=20)
    for number, (first, last) in enumerate(ranges, start=1):
        sink = with_units(sink, f"d{number}", first, last)
    return sink


def with_units(sink: Sink, delivery_id: str, first: int, last: int) -> Sink:
    """The project after one more delivery."""
    command = but(ADD_UNITS, id=delivery_id, first_serial=first, last_serial=last)
    after = evolve(sink, add_units(command, sink, NOW))
    assert after is not None
    return after


def test_a_project_opens_without_units() -> None:
    opened = SinkOpened(
        occurred_at=NOW,
        recorded_at=NOW,
        id="forest",
        name_zh="高原碳汇林",
        name_en="Highland forest",
        unit="tree",
        location="四川省凉山州",
        reference="CCER 2026-014",
        credits_per_unit=20,
        vintage_year=2026,
    )
    sink = evolve(None, opened)
    assert sink == Sink(credits_per_unit=20)
    assert sink.free_units == 0


def test_a_delivery_counts_both_its_ends() -> None:
    sink = delivered((101, 200), (7, 7))
    assert (sink.units, sink.free_units, sink.retired_units) == (101, 101, 0)


def test_deliveries_stand_in_order_of_their_serials_whenever_they_came() -> None:
    sink = delivered((101, 200), (1, 10), (201, 201), (50, 60))
    assert [(one.id, one.first_serial, one.next_serial) for one in sink.deliveries] == [
        ("d2", 1, 1),
        ("d4", 50, 50),
        ("d1", 101, 101),
        ("d3", 201, 201),
    ]


# ── Refusals ─────────────────────────────────────────────────────────────────────────────────


def refused(
    *, first: int = 101, last: int = 200, opened: bool = True, had: Any = (), deliveries: int = 0
) -> LedgerError:
    more = tuple(
        Delivery(id=f"x{n}", first_serial=10_000 + n, last_serial=10_000 + n, next_serial=10_000 + n)
        for n in range(deliveries)
    )
    sink = Sink(credits_per_unit=20, deliveries=(*delivered(*had).deliveries, *more)) if opened else None
    command = but(ADD_UNITS, first_serial=first, last_serial=last)
    with pytest.raises(LedgerError) as caught:
        add_units(command, sink, NOW)
    return caught.value


FAULTS: list[Any] = [
    ({"last": 100}, SerialRangeEmpty),
    ({"opened": False}, SinkNotFound),
    ({"had": [(200, 300)]}, SerialsOverlap),
    ({"deliveries": limits.DELIVERIES_MAX}, TooManyDeliveries),
]


@pytest.mark.parametrize(("settings", "expected"), one_fault(FAULTS))
def test_a_delivery_is_refused_for_each_fault(settings: dict[str, Any], expected: type[LedgerError]) -> None:
    assert type(refused(**settings)) is expected


@pytest.mark.parametrize(("earlier", "later"), two_faults(FAULTS))
def test_of_two_faults_of_a_delivery_the_first_documented_is_told(
    earlier: dict[str, Any], later: dict[str, Any]
) -> None:
    alone, both = refused(**earlier), refused(**later, **earlier)
    assert (type(both), both.details()) == (type(alone), alone.details())


@pytest.mark.parametrize("had", [(1, 101), (200, 200), (101, 200), (150, 160), (1, 999), (101, 101)])
def test_a_delivery_may_not_share_a_single_serial_with_another(had: tuple[int, int]) -> None:
    refusal = refused(had=[had])
    assert isinstance(refusal, SerialsOverlap)
    assert refusal.details() == {
        "project_id": "forest",
        "delivery_id": "d1",
        "first_serial": had[0],
        "last_serial": had[1],
    }


def test_serials_right_before_and_right_after_a_delivery_are_free() -> None:
    assert delivered((101, 200), (1, 100), (201, 300)).units == 300


def test_retired_serials_are_taken_too() -> None:
    used = Delivery(id="d1", first_serial=101, last_serial=200, next_serial=201)
    with pytest.raises(SerialsOverlap):
        add_units(ADD_UNITS, Sink(credits_per_unit=20, deliveries=(used,)), NOW)


def test_deliveries_are_taken_up_to_their_number_and_not_one_more() -> None:
    assert isinstance(refused(deliveries=limits.DELIVERIES_MAX), TooManyDeliveries)
    sink = delivered(*((n, n) for n in range(1, limits.DELIVERIES_MAX + 1)))
    assert len(sink.deliveries) == limits.DELIVERIES_MAX


# ── Bounds ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("command", "field", "least", "most"),
    [
        (OPEN_SINK, "credits_per_unit", 1, limits.CREDITS_PER_UNIT_MAX),
        (OPEN_SINK, "vintage_year", limits.VINTAGE_YEAR_MIN, limits.VINTAGE_YEAR_MAX),
        (ADD_UNITS, "first_serial", 1, limits.SERIAL_MAX),
        (ADD_UNITS, "last_serial", 1, limits.SERIAL_MAX),
    ],
)
def test_a_number_is_taken_at_its_bounds_and_refused_one_past_them(
    command: Any, field: str, least: int, most: int
) -> None:
    for value in (least, most):
        assert getattr(converted(command, **{field: value}), field) == value
    for wrong in (least - 1, most + 1, 1.5, "1", True):
        with pytest.raises(msgspec.ValidationError):
            converted(command, **{field: wrong})


@pytest.mark.parametrize("unit", ["forest", "Tree", "", None])
def test_a_unit_is_one_of_those_known(unit: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        converted(OPEN_SINK, unit=unit)
