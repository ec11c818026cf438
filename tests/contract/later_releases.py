"""Releases that do not exist: what could become of the events, to see that today's log outlives it.

`every_topic_changed` makes three releases in a row out of any event: each of its own fields under
another name, then all of them moved into a part, then its whole numbers in thousandths. Below it
stand changes as they would really be made, written by hand.
"""

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any, ClassVar, NamedTuple

import msgspec

from ledger.domain.activity import ReductionRecorded
from ledger.domain.adjustment import CreditsAdjusted
from ledger.domain.book import Accounts
from ledger.domain.fund import CommitMoney, MoneyCommitted, commit_money
from ledger.domain.identifiers import CommandId, EntityId
from ledger.domain.instants import Instant
from ledger.domain.messages import Command, Event
from ledger.domain.owners import MerchantOpened
from ledger.domain.redemption import FundShare, FundWeight, RedemptionHeld
from ledger.domain.topics import BY_TOPIC
from ledger.store.mapper import EventMapper, Upcast

COMMON = Event.__struct_fields__
THOUSANDTHS = 1_000


class Release(NamedTuple):
    """The shapes of all events in one release."""

    by_topic: dict[str, type[Event]]
    upcasts: dict[str, tuple[Upcast, ...]]

    def mapper(self) -> EventMapper:
        """Give the mapper that this release would have."""
        return EventMapper(by_topic=self.by_topic, upcasts=self.upcasts)


def with_changes(changed: Mapping[type[Event], tuple[Upcast, ...]]) -> Release:
    """Give today's release with some events changed."""
    by_topic = {event.topic: event for event in changed}
    return Release(BY_TOPIC | by_topic, {event.topic: steps for event, steps in changed.items()})


# ── Every topic, made up ─────────────────────────────────────────────────────────────────────


def every_topic_changed(version: int) -> Release:
    """Give the release in which every event has this version, 1 to 4."""
    chains = [(renamed(event), moved(event), in_thousandths(event)) for event in BY_TOPIC.values()]
    if version == 1:
        return Release(dict(BY_TOPIC), {})
    return with_changes(
        {chain[version - 2][0]: tuple(step for _, step in chain[: version - 1]) for chain in chains}
    )


def renamed(event: type[Event]) -> tuple[type[Event], Upcast]:
    """Version 2: every field that is the event's own has another name."""
    names = own_fields(event)

    def step(fields: dict[str, Any]) -> dict[str, Any]:
        return {f"{name}_told" if name in names else name: value for name, value in fields.items()}

    return shaped(event, 2, told_fields(event)), step


def moved(event: type[Event]) -> tuple[type[Event], Upcast]:
    """Version 3: they all stand in a part."""
    part = msgspec.defstruct(
        f"{event.__name__}Told", told_fields(event), frozen=True, kw_only=True, omit_defaults=True
    )

    def step(fields: dict[str, Any]) -> dict[str, Any]:
        inside = {name: value for name, value in fields.items() if name not in COMMON}
        return {name: fields[name] for name in COMMON if name in fields} | {"told": inside}

    return shaped(event, 3, [("told", part)]), step


def in_thousandths(event: type[Event]) -> tuple[type[Event], Upcast]:
    """Version 4: their whole numbers are counted in thousandths."""
    numbers = {f"{field.name}_told" for field in msgspec.structs.fields(event) if field.type is int}

    def step(fields: dict[str, Any]) -> dict[str, Any]:
        told = fields["told"]
        changed = {name: told[name] * THOUSANDTHS for name in numbers & told.keys()}
        return fields | {"told": told | changed}

    part = msgspec.defstruct(
        f"{event.__name__}Told", told_fields(event), frozen=True, kw_only=True, omit_defaults=True
    )
    return shaped(event, 4, [("told", part)]), step


def own_fields(event: type[Event]) -> set[str]:
    """Give the names of the fields that not every event has."""
    return set(event.__struct_fields__).difference(COMMON)


def told_fields(event: type[Event]) -> list[Any]:
    """Give an event's own fields under other names, for a struct to be made of."""
    return [
        (f"{field.name}_told", field.type)
        if field.required
        else (f"{field.name}_told", field.type, msgspec.field(default=default_of(field)))
        for field in msgspec.structs.fields(event)
        if field.name not in COMMON
    ]


def default_of(field: msgspec.structs.FieldInfo) -> Any:
    """Give what a missing field means."""
    return field.default_factory() if field.default is msgspec.NODEFAULT else field.default


def shaped(event: type[Event], version: int, fields: list[Any]) -> type[Event]:
    """Make another version of an event."""
    made = msgspec.defstruct(
        f"{event.__name__}V{version}",
        fields,
        bases=(Event,),
        namespace={"topic": event.topic},
        frozen=True,
        kw_only=True,
        omit_defaults=True,
        tag_field="v",
        tag=version,
    )
    assert issubclass(made, Event)
    return made


# ── Another unit ─────────────────────────────────────────────────────────────────────────────


class MoneyCommittedInLi(Event, frozen=True, kw_only=True, omit_defaults=True, tag_field="v", tag=2):
    """Money is told in 厘, a tenth of a 分."""

    topic: ClassVar[str] = MoneyCommitted.topic

    id: str
    fund_id: str
    sponsor_id: str
    value_li: int


def from_fen_to_li(fields: dict[str, Any]) -> dict[str, Any]:
    """Ten 厘 are a 分."""
    value_fen = fields.pop("value_fen")
    return {**fields, "value_li": value_fen * 10}


class CommitMoneyInLi(Command, frozen=True, kw_only=True, tag_field="kind", tag="fund.commit"):
    """The command of the same release."""

    id: CommandId
    fund_id: EntityId
    sponsor_id: EntityId
    value_li: int


def commit_money_in_li(
    command: CommitMoneyInLi, accounts: Accounts, recorded_at: datetime
) -> MoneyCommittedInLi:
    """Decide it as today's release decides its own."""
    today = CommitMoney(
        occurred_at=command.occurred_at,
        id=command.id,
        fund_id=command.fund_id,
        sponsor_id=command.sponsor_id,
        value_fen=command.value_li // 10,
    )
    return MoneyCommittedInLi(
        occurred_at=command.occurred_at,
        recorded_at=recorded_at,
        legs=commit_money(today, accounts, recorded_at).legs,
        id=command.id,
        fund_id=command.fund_id,
        sponsor_id=command.sponsor_id,
        value_li=command.value_li,
    )


# ── Another name ─────────────────────────────────────────────────────────────────────────────


class CreditsAdjustedByName(Event, frozen=True, kw_only=True, omit_defaults=True, tag_field="v", tag=2):
    """Who answers for an adjustment is called otherwise."""

    topic: ClassVar[str] = CreditsAdjusted.topic

    id: str
    account: str
    credits: int
    lot: str | None = None
    approved_by: str
    reason: str


def approver_to_approved_by(fields: dict[str, Any]) -> dict[str, Any]:
    """A name for a name."""
    fields["approved_by"] = fields.pop("approver")
    return fields


# ── One field that becomes two, and then a part ──────────────────────────────────────────────


class Exact(msgspec.Struct, frozen=True, kw_only=True):
    """A fraction in lowest terms."""

    numerator: int
    denominator: int


class Valid(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a scenario."""

    id: str
    version: int


class ReductionInTwoNumbers(Event, frozen=True, kw_only=True, omit_defaults=True, tag_field="v", tag=3):
    """The exact grams are two numbers, no text; the scenario and its version stand together."""

    topic: ClassVar[str] = ReductionRecorded.topic

    id: str
    source: str
    participant_id: str
    scenario: Valid
    exact_numerator: int
    exact_denominator: int
    amount_g: int


def split_exact(fields: dict[str, Any]) -> dict[str, Any]:
    """To version 2: a decimal or a fraction is a numerator and a denominator."""
    exact = Fraction(fields.pop("exact_g"))
    return {**fields, "exact_numerator": exact.numerator, "exact_denominator": exact.denominator}


def gather_scenario(fields: dict[str, Any]) -> dict[str, Any]:
    """To version 3: two fields move into a part."""
    scenario = {"id": fields.pop("scenario_id"), "version": fields.pop("scenario_version")}
    return {**fields, "scenario": scenario}


# ── Fields that move into a part ─────────────────────────────────────────────────────────────


class Offer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is redeemed, and where."""

    merchant_id: str
    face_value_fen: int
    fee_fen: int = 0
    id: str | None = None


class RedemptionOfOffer(Event, frozen=True, kw_only=True, omit_defaults=True, tag_field="v", tag=2):
    """What was four fields is an offer."""

    topic: ClassVar[str] = RedemptionHeld.topic

    id: str
    participant_id: str
    credits: int
    funds: tuple[FundWeight, ...]
    deadline_at: Instant
    shares: tuple[FundShare, ...]
    offer: Offer


def gather_offer(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields that were left out are left out of the part."""
    names = {"merchant_id": "merchant_id", "face_value_fen": "face_value_fen", "fee_fen": "fee_fen"}
    names["offer_id"] = "id"
    offer = {names[name]: fields.pop(name) for name in names if name in fields}
    return {**fields, "offer": offer}


# ── Fields that become a table ───────────────────────────────────────────────────────────────


class MerchantInLanguages(Event, frozen=True, kw_only=True, omit_defaults=True, tag_field="v", tag=2):
    """A merchant has a name in any number of languages."""

    topic: ClassVar[str] = MerchantOpened.topic

    id: str
    names: dict[str, str]


def gather_names(fields: dict[str, Any]) -> dict[str, Any]:
    """From two languages to any."""
    return {**fields, "names": {"zh": fields.pop("name_zh"), "en": fields.pop("name_en")}}


NEXT_RELEASE = with_changes(
    {
        MoneyCommittedInLi: (from_fen_to_li,),
        CreditsAdjustedByName: (approver_to_approved_by,),
        ReductionInTwoNumbers: (split_exact, gather_scenario),
        RedemptionOfOffer: (gather_offer,),
        MerchantInLanguages: (gather_names,),
    }
)
