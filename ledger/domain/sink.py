"""Carbon-sink projects, and the units with serial numbers that are delivered to them.

Rule of the room: Events → State → Decide → Evolve; all pure. A serial is of one delivery of one
project; which are retired, and by whom, is said by donations.
"""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

import msgspec

from ledger.domain.errors import SerialRangeEmpty, SerialsOverlap, SinkNotFound, TooManyDeliveries
from ledger.domain.identifiers import CommandId, EntityId, Name, Text
from ledger.domain.instants import utc
from ledger.domain.limits import (
    CREDITS_PER_UNIT_MAX,
    DELIVERIES_MAX,
    SERIAL_MAX,
    VINTAGE_YEAR_MAX,
    VINTAGE_YEAR_MIN,
)
from ledger.domain.messages import Command, Event
from ledger.domain.registers import Entry

UnitKind = Literal["tree", "mu", "square_metre", "tonne", "kilogram"]
"""What one serial stands for: a tree 株, a mu 亩, a square metre, a tonne or a kilogram of CO2e."""

Serial = Annotated[int, msgspec.Meta(ge=1, le=SERIAL_MAX)]


class OpenSinkProject(Command, frozen=True, kw_only=True, tag_field="kind", tag="sink.open"):
    """Open a carbon-sink project, to which credits can be donated once it has units."""

    id: EntityId
    name_zh: Name
    name_en: Name
    unit: UnitKind
    location: Text
    reference: Text
    """The registry or standard under which the project stands, and its number there."""
    credits_per_unit: Annotated[int, msgspec.Meta(ge=1, le=CREDITS_PER_UNIT_MAX)]
    vintage_year: Annotated[int, msgspec.Meta(ge=VINTAGE_YEAR_MIN, le=VINTAGE_YEAR_MAX)]
    """The year in which the units were planted or verified."""


class AddSinkUnits(Command, frozen=True, kw_only=True, tag_field="kind", tag="sink.add_units"):
    """Deliver units to a project: the serials from the first to the last, both included."""

    id: CommandId
    project_id: EntityId
    first_serial: Serial
    last_serial: Serial
    reference: Text
    """Where the delivery is vouched for: a registry's entry, a planting report."""


# --- Events -------------------------------------------------------------------------------------


class SinkOpened(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A carbon-sink project was opened."""

    topic: ClassVar[str] = "sink.opened"

    id: str
    name_zh: str
    name_en: str
    unit: UnitKind
    location: str
    reference: str
    credits_per_unit: int
    vintage_year: int


class SinkUnitsAdded(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Units were delivered to a project."""

    topic: ClassVar[str] = "sink.units_added"

    id: str
    project_id: str
    first_serial: int
    last_serial: int
    reference: str


# --- State --------------------------------------------------------------------------------------


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """Serials that were delivered together, and how far they are retired."""

    id: str
    first_serial: int
    last_serial: int
    next_serial: int
    """The lowest that is free; one past the last when none is."""

    @property
    def free_units(self) -> int:
        """Serials that nobody has retired."""
        return self.last_serial - self.next_serial + 1


class Sink(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """What decisions need of one project; the key is its id."""

    register: ClassVar[str] = "sinks"

    credits_per_unit: int
    deliveries: tuple[Delivery, ...] = ()
    """By their first serial; no two overlap."""
    units: int = 0
    """All that were ever delivered."""
    retired_units: int = 0
    certificates: int = 0
    """Donations so far: the number of the latest certificate."""

    @property
    def free_units(self) -> int:
        """Units that can be donated."""
        return self.units - self.retired_units


# --- Decide -------------------------------------------------------------------------------------


def open_sink(command: OpenSinkProject, recorded_at: datetime) -> SinkOpened:
    """Open a project: nothing but its own stream can stand against it."""
    return SinkOpened(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        id=command.id,
        name_zh=command.name_zh,
        name_en=command.name_en,
        unit=command.unit,
        location=command.location,
        reference=command.reference,
        credits_per_unit=command.credits_per_unit,
        vintage_year=command.vintage_year,
    )


def add_units(command: AddSinkUnits, sink: Sink | None, recorded_at: datetime) -> SinkUnitsAdded:
    """Decide a delivery, none of whose serials the project may have had before.

    Raises, in this order:
        SerialRangeEmpty: the first serial is above the last,
        SinkNotFound,
        SerialsOverlap: with the delivery named,
        TooManyDeliveries
    """
    first, last = command.first_serial, command.last_serial
    if first > last:
        raise SerialRangeEmpty(field="last_serial", first_serial=first, last_serial=last)
    sink = require_opened(sink, command.project_id)
    for delivery in sink.deliveries:
        if delivery.first_serial <= last and first <= delivery.last_serial:
            raise SerialsOverlap(
                project_id=command.project_id,
                delivery_id=delivery.id,
                first_serial=delivery.first_serial,
                last_serial=delivery.last_serial,
            )
    if len(sink.deliveries) >= DELIVERIES_MAX:
        raise TooManyDeliveries(project_id=command.project_id, deliveries_max=DELIVERIES_MAX)
    return SinkUnitsAdded(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        id=command.id,
        project_id=command.project_id,
        first_serial=first,
        last_serial=last,
        reference=command.reference,
    )


def require_opened(sink: Sink | None, project_id: str) -> Sink:
    """Refuse a project that nobody opened.

    Raises:
        SinkNotFound
    """
    if sink is None:
        raise SinkNotFound(project_id=project_id)
    return sink


# --- Evolve -------------------------------------------------------------------------------------


def evolve(sink: Sink | None, event: SinkOpened | SinkUnitsAdded) -> Sink | None:
    """Give a project's state after it was opened, or after units were delivered to it."""
    if isinstance(event, SinkOpened):
        return Sink(credits_per_unit=event.credits_per_unit)
    if sink is None:
        return None
    delivery = Delivery(
        id=event.id,
        first_serial=event.first_serial,
        last_serial=event.last_serial,
        next_serial=event.first_serial,
    )
    in_order = sorted((*sink.deliveries, delivery), key=lambda one: one.first_serial)
    return msgspec.structs.replace(sink, deliveries=tuple(in_order), units=sink.units + delivery.free_units)
