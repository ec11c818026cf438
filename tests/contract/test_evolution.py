"""Events change their shape and the log does not: releases that do not exist read today's bytes.

What a later release would do is in `later_releases.py`; `tests/integration/test_next_release.py`
lets one of them work on a database.
"""

import json
from datetime import UTC, datetime
from typing import Any, ClassVar

import msgspec
import pytest
from eventsourcing.persistence import MapperDeserialisationError

from ledger.domain.errors import EventNewerThanCode
from ledger.domain.instants import ExpiryPolicy
from ledger.domain.messages import Event, version_of
from ledger.domain.methodology import Measured
from ledger.domain.programme import OpenProgramme
from ledger.domain.topics import BY_TOPIC
from ledger.store.mapper import UPCASTS, EventMapper, mapper
from tests.contract.examples import ALL_EXAMPLES, EXAMPLES, LATER_EXAMPLES, topic_of
from tests.contract.freeze import golden_file, golden_files, shape_name
from tests.contract.later_releases import (
    NEXT_RELEASE,
    THOUSANDTHS,
    CreditsAdjustedByName,
    Exact,
    MerchantInLanguages,
    MoneyCommittedInLi,
    Offer,
    RedemptionOfOffer,
    ReductionInTwoNumbers,
    Valid,
    every_topic_changed,
    own_fields,
)

VERSIONS = (1, 2, 3, 4)
MAPPERS = {version: every_topic_changed(version).mapper() for version in VERSIONS}

every_golden_file = pytest.mark.parametrize(
    "path", [path for path in golden_files() if path.parent.name == "events_v1"], ids=lambda path: path.stem
)
every_topic = pytest.mark.parametrize("topic", BY_TOPIC)


def golden(name: str) -> bytes:
    return golden_file(name, 1).read_bytes()


def bytes_of(topic: str, golden_bytes: bytes) -> dict[int, bytes]:
    """The same fact as each of the releases would have written it."""
    return {version: each.state_of(each.event_of(topic, golden_bytes)) for version, each in MAPPERS.items()}


# ── Every topic ──────────────────────────────────────────────────────────────────────────────


@every_golden_file
def test_every_release_reads_what_every_earlier_one_wrote_as_the_same_event(path: Any) -> None:
    topic = topic_of(path.stem)
    written = bytes_of(topic, path.read_bytes())
    for version, each in MAPPERS.items():
        event = each.event_of(topic, written[version])
        for earlier in range(1, version + 1):
            assert each.event_of(topic, written[earlier]) == event
        assert each.state_of(event) == written[version]


@every_golden_file
def test_what_was_told_in_the_first_version_is_told_in_the_fourth(path: Any) -> None:
    topic = topic_of(path.stem)
    first, fourth = mapper().event_of(topic, path.read_bytes()), MAPPERS[4].event_of(topic, path.read_bytes())
    assert (fourth.occurred_at, fourth.recorded_at, fourth.legs) == (
        first.occurred_at,
        first.recorded_at,
        first.legs,
    )
    for name in own_fields(type(first)):
        told = getattr(fourth.told, f"{name}_told")  # type: ignore[attr-defined]
        value = getattr(first, name)
        assert told == (value * THOUSANDTHS if type(value) is int and is_number(first, name) else value), name


def is_number(event: Event, name: str) -> bool:
    return any(field.name == name and field.type is int for field in msgspec.structs.fields(event))


@every_golden_file
def test_a_version_above_the_first_is_the_first_thing_in_the_bytes(path: Any) -> None:
    for version, written in bytes_of(topic_of(path.stem), path.read_bytes()).items():
        assert written.startswith(b'{"v":%d,' % version) is (version > 1)
        assert json.loads(written).get("v", 1) == version


@every_golden_file
def test_an_earlier_release_says_that_it_cannot_read_a_later_ones_event(path: Any) -> None:
    topic = topic_of(path.stem)
    written = bytes_of(topic, path.read_bytes())
    for known, each in MAPPERS.items():
        for found in range(known + 1, 5):
            with pytest.raises(EventNewerThanCode) as newer:
                each.event_of(topic, written[found])
            expected = {"topic": topic, "version_known": known, "version_found": found}
            assert newer.value.details() == expected
            assert all(str(value) in str(newer.value) for value in expected.values())


@every_topic
def test_today_every_event_has_as_many_steps_as_older_versions(topic: str) -> None:
    assert len(UPCASTS.get(topic, ())) == version_of(BY_TOPIC[topic]) - 1
    assert "v" not in BY_TOPIC[topic].__struct_fields__


@pytest.mark.parametrize("steps", [0, 2])
def test_a_topic_without_a_step_from_each_version_cannot_be_read_at_all(steps: int) -> None:
    release = every_topic_changed(2)
    steps_of = {topic: each * steps for topic, each in release.upcasts.items()}
    with pytest.raises(ValueError, match=f"of version 2 has {steps} steps"):
        EventMapper(by_topic=release.by_topic, upcasts=steps_of)


def test_a_version_is_frozen_under_its_own_name() -> None:
    assert shape_name(BY_TOPIC["fund.committed"]) == "fund.committed"
    assert shape_name(MoneyCommittedInLi) == "fund.committed@2"


# ── Changes as they would be made ────────────────────────────────────────────────────────────

AT: dict[str, Any] = {
    "occurred_at": datetime(2026, 11, 22, 3, 59, 30, tzinfo=UTC),
    "recorded_at": datetime(2026, 11, 22, 4, 0, 0, 123_456, tzinfo=UTC),
}


def of_next_release(name: str) -> Any:
    """A golden file as the next release reads it."""
    return NEXT_RELEASE.mapper().event_of(topic_of(name), golden(name))


def legs(name: str) -> Any:
    return ALL_EXAMPLES[name].legs


def test_another_unit() -> None:
    assert of_next_release("fund.committed") == MoneyCommittedInLi(
        **AT,
        legs=legs("fund.committed"),
        id="pledge-2026-11",
        fund_id="bank-2026",
        sponsor_id="city-bank",
        value_li=500_000_000,
    )


def test_another_name() -> None:
    assert of_next_release("credits.adjusted") == CreditsAdjustedByName(
        **AT,
        legs=legs("credits.adjusted"),
        id="adj-2026-114",
        account="participant:0198c2f4-7a2e-7c11",
        credits=12,
        lot="2026-12-31",
        approved_by="王芳",
        reason="平台故障补发",
    )


def test_one_field_that_becomes_two_and_then_two_that_become_a_part() -> None:
    event = of_next_release("reduction.recorded")
    exact = Exact(numerator=event.exact_numerator, denominator=event.exact_denominator)
    assert exact == Exact(numerator=14_128_060_689, denominator=4_000_000)
    assert event.scenario == Valid(id="nev-trip", version=2)
    second = {key: value for key, value in fields("reduction.recorded").items() if key != "exact_g"}
    second |= {"v": 2, "exact_numerator": exact.numerator, "exact_denominator": exact.denominator}
    assert read(ReductionInTwoNumbers.topic, second) == event


@pytest.mark.parametrize(
    ("name", "offer"),
    [
        ("redemption.held", Offer(merchant_id="kuanzhai-cafe", face_value_fen=1000)),
        (
            "redemption.held+fee",
            Offer(merchant_id="kuanzhai-cafe", face_value_fen=1000, fee_fen=30, id="latte-2026"),
        ),
    ],
)
def test_fields_that_move_into_a_part_also_where_they_were_left_out(name: str, offer: Offer) -> None:
    event = of_next_release(name)
    assert isinstance(event, RedemptionOfOffer)
    assert event.offer == offer
    assert (event.credits, event.legs) == (30, legs(name))


def test_fields_that_become_a_table() -> None:
    event = of_next_release("merchant.opened")
    assert isinstance(event, MerchantInLanguages)
    assert event.names == {"zh": "宽窄巷子咖啡馆", "en": "Café in Kuanzhai Alley"}


def test_what_did_not_change_is_read_beside_it() -> None:
    changed = {topic for topic, event in NEXT_RELEASE.by_topic.items() if event is not BY_TOPIC[topic]}
    assert len(changed) == 5
    for name in ALL_EXAMPLES:
        if topic_of(name) not in changed:
            assert of_next_release(name) == ALL_EXAMPLES[name]


# ── A field that was added to a part ─────────────────────────────────────────────────────────


def fields(name: str) -> dict[str, Any]:
    return dict(json.loads(golden(name)))


def read(topic: str, stored: Any) -> Event:
    return NEXT_RELEASE.mapper().event_of(topic, json.dumps(stored).encode())


PARTS = {
    "programme.opened": "expiry",
    "methodology.published": "factors",
    "scenario.published": "rule",
    "campaign.published": "bonus",
    "reduction.recorded": "measured",
    "offer.published": "funds",
    "redemption.held": "funds",
    "activity.held": "measured",
    "activity.rejected": "standing",
    "activity.dismissed": "standing",
    "reduction.corrected": "measured",
}
"""A part of each event that has one."""


@pytest.mark.parametrize(("topic", "field"), PARTS.items())
def test_a_field_that_a_later_release_added_to_a_part_is_ignored(topic: str, field: str) -> None:
    stored = fields(topic)
    for part in stored[field] if isinstance(stored[field], list) else [stored[field]]:
        part |= {"added": {"later": [1]}}
    assert mapper().event_of(topic, json.dumps(stored).encode()) == EXAMPLES[topic]


def test_every_part_of_an_event_is_among_those_tried_or_ignores_what_it_does_not_know() -> None:
    strict = {
        topic
        for topic, event in BY_TOPIC.items()
        for part in structs_in(msgspec.inspect.type_info(event))
        if part.__struct_config__.forbid_unknown_fields
    }
    assert strict == set(PARTS)


def structs_in(described: Any) -> list[type[msgspec.Struct]]:
    """Every struct inside a type, its own among them."""
    match described:
        case msgspec.inspect.StructType(cls=cls, fields=inner):
            return [cls, *(one for field in inner for one in structs_in(field.type))]
        case msgspec.inspect.UnionType(types=types):
            return [one for each in types for one in structs_in(each)]
        case msgspec.inspect.VarTupleType(item_type=item):
            return structs_in(item)
        case _:
            return []


def test_a_command_with_that_field_is_refused_all_the_same() -> None:
    policy = {"kind": "months", "months": 1, "added": 1}
    with pytest.raises(msgspec.ValidationError, match="added"):
        msgspec.convert(policy, ExpiryPolicy)
    with pytest.raises(msgspec.ValidationError, match="added"):
        msgspec.json.decode(b'{"distance_km":"1","added":1}', type=Measured)
    opening = fields("programme.opened") | {"expiry": policy}
    opening = {name: opening[name] for name in OpenProgramme.__struct_fields__}
    with pytest.raises(msgspec.ValidationError, match="added"):
        msgspec.convert(opening, OpenProgramme)


class Tree(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part."""

    species: str


class Bush(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="bush"):
    """A part told from others by its tag."""

    height_mm: int


class Hedge(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="hedge"):
    """Likewise."""

    length_mm: int
    of: tuple[Tree, ...] = ()


class GardenPlanted(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An event with parts of every kind."""

    topic: ClassVar[str] = "garden.planted"

    only: Tree | None = None
    either: Bush | Hedge | None = None
    listed: tuple[Tree, ...] = ()
    some: tuple[Tree, ...] | None = None
    by_name: dict[str, Tree] = msgspec.field(default_factory=dict)


GARDENS = EventMapper(by_topic={GardenPlanted.topic: GardenPlanted}, upcasts={})
LATER: dict[str, Any] = {"added": {"later": None}}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"only": {"species": "柳", **LATER}}, {"only": Tree("柳")}),
        ({"only": None}, {"only": None}),
        ({"either": {"type": "bush", "height_mm": 1, **LATER}}, {"either": Bush(1)}),
        (
            {"either": {"type": "hedge", "length_mm": 2, "of": [{"species": "柳", **LATER}], **LATER}},
            {"either": Hedge(2, (Tree("柳"),))},
        ),
        ({"listed": [{"species": "柳", **LATER}, {"species": "杨"}]}, {"listed": (Tree("柳"), Tree("杨"))}),
        ({"some": [{"species": "柳", **LATER}]}, {"some": (Tree("柳"),)}),
        ({"by_name": {"added": {"species": "柳", **LATER}}}, {"by_name": {"added": Tree("柳")}}),
    ],
)
def test_parts_are_read_without_what_they_do_not_know_wherever_they_stand(
    told: dict[str, Any], expected: dict[str, Any]
) -> None:
    at = {name: fields("merchant.opened")[name] for name in ("occurred_at", "recorded_at")}
    state = json.dumps(at | told | LATER).encode()
    assert GARDENS.event_of(GardenPlanted.topic, state) == GardenPlanted(**AT, **expected)


@pytest.mark.parametrize(
    "told",
    [
        {"only": {"kind": "柳", **LATER}},
        {"only": {"species": 1, **LATER}},
        {"either": {"type": "lawn", "height_mm": 1}},
        {"listed": {"species": "柳"}},
        {"listed": [["柳"]]},
        {"by_name": []},
    ],
)
def test_parts_that_are_wrong_are_not_made_right(told: dict[str, Any]) -> None:
    at = {name: fields("merchant.opened")[name] for name in ("occurred_at", "recorded_at")}
    with pytest.raises(MapperDeserialisationError, match=r"garden\.planted of version 1"):
        GARDENS.event_of(GardenPlanted.topic, json.dumps(at | told).encode())


def test_an_added_field_that_was_given_is_read_by_a_release_that_knows_it() -> None:
    for name, event in LATER_EXAMPLES.items():
        assert mapper().event_of(topic_of(name), golden(name)) == event
