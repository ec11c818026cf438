"""Donating credits to a carbon-sink project: credits and units are retired together, for good.

Rule of the room: Events → State → Decide → Evolve; all pure. The lowest free serials go first, each
once; what is donated never comes back, so there is no event that undoes a donation.
"""

from datetime import datetime
from typing import Annotated, ClassVar, Final

import msgspec

from ledger.domain import addresses
from ledger.domain.book import Accounts
from ledger.domain.errors import InsufficientUnits
from ledger.domain.identifiers import EntityId, Holder
from ledger.domain.instants import utc
from ledger.domain.limits import DONATED_UNITS_MAX
from ledger.domain.messages import Command, Event
from ledger.domain.owners import require_open
from ledger.domain.sink import Sink, require_opened
from ledger.domain.transfer import move_lots, take_spendable

_CHARACTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class DonateCredits(Command, frozen=True, kw_only=True, tag_field="kind", tag="credits.donate"):
    """Retire a holder's credits for units of a carbon-sink project."""

    id: EntityId
    from_account: Holder
    project_id: EntityId
    units: Annotated[int, msgspec.Meta(ge=1, le=DONATED_UNITS_MAX)]


# --- Events -------------------------------------------------------------------------------------


class RetiredSerials(msgspec.Struct, frozen=True, kw_only=True):
    """Serials of one delivery, from the first to the last, both included."""

    delivery_id: str
    """The id under which the units were added."""
    first_serial: int
    last_serial: int


class CreditsDonated(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Credits were retired, and units of a project with them."""

    topic: ClassVar[str] = "credits.donated"

    id: str
    from_account: str
    project_id: str
    units: int
    credits: int
    """`units` times the credits that a unit of the project takes."""
    serials: tuple[RetiredSerials, ...]
    """The lowest that were free, in order."""
    certificate: str
    """Number of the donor's certificate."""


# --- Decide -------------------------------------------------------------------------------------


def donate_credits(
    command: DonateCredits,
    sink: Sink | None,
    accounts: Accounts,
    programme_id: str,
    today: str,
    recorded_at: datetime,
) -> CreditsDonated:
    """Decide a donation on the programme's local day `today` (ISO date).

    Raises, in this order:
        SinkNotFound,
        AccountNotFound, AccountClosed, AccountFrozen: the donor,
        InsufficientUnits, LotsExpired, InsufficientCredits
    """
    sink = require_opened(sink, command.project_id)
    donor = command.from_account
    require_open(accounts[donor], donor)
    if command.units > sink.free_units:
        raise InsufficientUnits(
            project_id=command.project_id, needed_units=command.units, free_units=sink.free_units
        )
    needed_credits = command.units * sink.credits_per_unit
    taken = take_spendable(accounts[donor], donor, needed_credits, today)
    return CreditsDonated(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        legs=move_lots(taken, donor, addresses.retired(command.project_id)),
        id=command.id,
        from_account=donor,
        project_id=command.project_id,
        units=command.units,
        credits=needed_credits,
        serials=_lowest_free(sink, command.units),
        certificate=certificate_number(programme_id, command.project_id, sink.certificates + 1),
    )


def certificate_number(programme_id: str, project_id: str, number: int) -> str:
    """Give the number of a project's certificate, the first of which is 1."""
    text = f"{programme_id}/{project_id}/{number:06d}"
    return f"{text}-{check_character(text)}"


def check_character(text: str) -> str:
    """Give the letter or digit by which a slip in copying a text is seen.

    Letters count whatever their case, signs do not count; both are ASCII.

    Source: ISO/IEC 7064, MOD 37,36, as in a Global Release Identifier.
    """
    product = 36
    for character in text:
        if character.isalnum():
            total = (product + int(character, 36)) % 36 or 36
            product = total * 2 % 37
    return _CHARACTERS[(37 - product) % 36]


def _lowest_free(sink: Sink, units: int) -> tuple[RetiredSerials, ...]:
    """Choose the lowest free serials, of which there are enough."""
    chosen: list[RetiredSerials] = []
    for delivery in sink.deliveries:
        if not units:
            break
        taken = min(units, delivery.free_units)
        if taken:
            first, last = delivery.next_serial, delivery.next_serial + taken - 1
            chosen.append(RetiredSerials(delivery_id=delivery.id, first_serial=first, last_serial=last))
            units -= taken
    return tuple(chosen)


# --- Evolve -------------------------------------------------------------------------------------


def evolve(sink: Sink | None, event: CreditsDonated) -> Sink | None:
    """Give a project's state after a donation to it."""
    if sink is None:
        return None
    next_serials = {serials.delivery_id: serials.last_serial + 1 for serials in event.serials}
    deliveries = tuple(
        msgspec.structs.replace(delivery, next_serial=next_serials[delivery.id])
        if delivery.id in next_serials
        else delivery
        for delivery in sink.deliveries
    )
    return msgspec.structs.replace(
        sink,
        deliveries=deliveries,
        retired_units=sink.retired_units + event.units,
        certificates=sink.certificates + 1,
    )
