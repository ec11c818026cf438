"""Every released event still loads: its golden bytes, its field names, its types, its topic.

A stored event is never rewritten, so nothing here may change once it is released. A new topic gets
an example in `examples.py`, and its files by `python -m tests.contract.freeze`, which never
overwrites one. A field may be added when it has a default, and a choice to a list of choices;
freeze them the same way. Any other change makes a new version: a class with a tag, a step in
`ledger/store/mapper.py`, new examples; the files of the version before stay, and must still load.
"""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from eventsourcing.persistence import MapperDeserialisationError

from ledger.domain.book import Leg
from ledger.domain.errors import EventNewerThanCode
from ledger.domain.instants import Instant
from ledger.domain.messages import VERSION_FIELD, Event, version_of
from ledger.domain.topics import BY_TOPIC, EVENTS
from ledger.store.mapper import mapper
from tests.contract.examples import ALL_EXAMPLES, EXAMPLES, LATER_EXAMPLES, topic_of
from tests.contract.freeze import frozen_shapes, golden_file, golden_files, shape_name, shapes_now
from tests.contract.shapes import is_optional, still_reads

every_topic = pytest.mark.parametrize("topic", BY_TOPIC)
every_example = pytest.mark.parametrize("name", ALL_EXAMPLES)

FROZEN, NOW = frozen_shapes(), shapes_now()
SHAPES = [(group, name) for group, shapes in FROZEN.items() for name in shapes if name in NOW[group]]
"""What is frozen, but for versions that are no longer written and parts that only they had."""


def golden(name: str) -> bytes:
    return golden_file(name, version_of(type(ALL_EXAMPLES[name]))).read_bytes()


def version_in(path: Path) -> int:
    return int(path.parent.name.removeprefix("events_v"))


class Common(msgspec.Struct):
    """What is the same in every version of every event."""

    occurred_at: Instant
    recorded_at: Instant
    legs: tuple[Leg, ...] = ()


def fields_of(name: str) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(golden(name))
    return fields


def load(name: str, fields: dict[str, Any]) -> Event:
    return mapper().event_of(topic_of(name), json.dumps(fields, ensure_ascii=False).encode())


# ── Golden bytes ─────────────────────────────────────────────────────────────────────────────


def test_every_topic_has_a_golden_file_and_there_is_no_other() -> None:
    written = {golden_file(name, version_of(type(event))) for name, event in ALL_EXAMPLES.items()}
    older = set(golden_files()) - written
    assert written <= set(golden_files())
    assert all(version_in(path) < version_of(BY_TOPIC[topic_of(path.stem)]) for path in older)
    assert set(EXAMPLES) == set(BY_TOPIC)
    assert {topic_of(name) for name in LATER_EXAMPLES} <= set(BY_TOPIC)


@pytest.mark.parametrize("path", golden_files(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_golden_file_of_any_version_loads_with_its_instants_and_its_legs(path: Path) -> None:
    event = mapper().event_of(topic_of(path.stem), path.read_bytes())
    stored = msgspec.json.decode(path.read_bytes(), type=Common)
    assert type(event) is BY_TOPIC[topic_of(path.stem)]
    assert (event.occurred_at, event.recorded_at, event.legs) == msgspec.structs.astuple(stored)
    assert msgspec.json.decode(path.read_bytes()).get("v", 1) == version_in(path)


@every_example
def test_a_golden_file_loads_as_the_event_it_was_written_from(name: str) -> None:
    event = mapper().event_of(topic_of(name), golden(name))
    assert type(event) is BY_TOPIC[topic_of(name)]
    assert event == ALL_EXAMPLES[name]


@every_example
def test_an_event_is_written_as_the_very_bytes_of_its_golden_file(name: str) -> None:
    assert mapper().state_of(ALL_EXAMPLES[name]) == golden(name)
    assert mapper().state_of(mapper().event_of(topic_of(name), golden(name))) == golden(name)


@every_topic
def test_examples_show_the_stored_name_of_every_field(topic: str) -> None:
    examples = {name: event for name, event in ALL_EXAMPLES.items() if topic_of(name) == topic}
    shown = {field for name in examples for field in fields_of(name)} - {VERSION_FIELD}
    moved = any(event.legs for event in examples.values())
    assert shown | (set() if moved else {"legs"}) == set(BY_TOPIC[topic].__struct_fields__)


@every_example
def test_legs_are_stored_as_short_lists_and_load_as_legs(name: str) -> None:
    legs = mapper().event_of(topic_of(name), golden(name)).legs
    assert isinstance(legs, tuple)
    assert all(type(leg) is Leg for leg in legs)
    stored = fields_of(name).get("legs", [])
    assert stored == [[leg.account, leg.asset, leg.lot, leg.amount] for leg in legs]


@every_example
def test_names_in_chinese_are_stored_as_they_are_read(name: str) -> None:
    assert b"\\u" not in golden(name)
    assert golden(name).decode("utf-8")


# ── Older and newer releases ─────────────────────────────────────────────────────────────────


@every_example
def test_fields_of_a_later_release_are_ignored(name: str) -> None:
    later = fields_of(name) | {"a_field_of_tomorrow": {"deep": [1, None, "值"]}, "another": 7}
    assert load(name, later) == ALL_EXAMPLES[name]


@every_example
def test_a_field_that_an_earlier_release_did_not_write_gets_its_default(name: str) -> None:
    fields = fields_of(name)
    for field in msgspec.structs.fields(BY_TOPIC[topic_of(name)]):
        earlier = {key: value for key, value in fields.items() if key != field.name}
        if field.required:
            with pytest.raises(MapperDeserialisationError):
                load(name, earlier)
        else:
            assert load(name, earlier) is not None


@every_example
def test_the_order_of_stored_fields_does_not_matter(name: str) -> None:
    assert load(name, dict(reversed(fields_of(name).items()))) == ALL_EXAMPLES[name]


def test_bytes_under_a_topic_nobody_knows_are_refused() -> None:
    with pytest.raises(EventNewerThanCode) as newer:
        mapper().event_of("credits.burnt", golden("credits.issued"))
    assert newer.value.details() == {"topic": "credits.burnt", "version_known": 0, "version_found": 1}


# ── Names and types ──────────────────────────────────────────────────────────────────────────


def test_everything_that_is_stored_is_frozen() -> None:
    new = "what is new is frozen with `python -m tests.contract.freeze`"
    assert NOW["parts"].items() <= FROZEN["parts"].items(), new
    assert NOW["events"].items() <= FROZEN["events"].items(), new


def test_no_topic_was_removed_and_no_version_skipped() -> None:
    for name in FROZEN["events"].keys() - NOW["events"].keys():
        topic, _, version = name.partition("@")
        assert int(version or 1) < version_of(BY_TOPIC[topic])
    for event in EVENTS:
        versions = range(2, version_of(event) + 1)
        assert FROZEN["events"].keys() >= {f"{event.topic}@{version}" for version in versions}


@pytest.mark.parametrize(("group", "name"), SHAPES)
def test_no_stored_field_was_removed_renamed_or_given_another_type(group: str, name: str) -> None:
    now = NOW[group].get(name, {})
    assert {
        field: f"was {text}, now {now.get(field, 'gone')}"
        for field, text in FROZEN[group][name].items()
        if not still_reads(text, now.get(field, "gone"))
    } == {}


@pytest.mark.parametrize(("group", "name"), SHAPES)
def test_a_field_added_since_has_a_default(group: str, name: str) -> None:
    added = {field: text for field, text in NOW[group][name].items() if field not in FROZEN[group][name]}
    assert {field: text for field, text in added.items() if not is_optional(text)} == {}


@pytest.mark.parametrize(
    ("frozen", "now", "is_read"),
    [
        ("int", "int", True),
        ("'a' | 'b'", "'a' | 'b' | 'c'", True),
        ("A | B", "A | B | C", True),
        ("int", "int | null", True),
        ("'a' | 'b'", "'a'", False),
        ("int", "str", False),
        ("int", "gone", False),
        ("int | null", "int", False),
        ("int", "int = 0", False),
        ("int = 0", "int = 1", False),
        ("int from 1 to 9", "int from 1 to 8", False),
    ],
)
def test_a_type_may_learn_choices_and_change_in_no_other_way(frozen: str, now: str, is_read: object) -> None:
    assert still_reads(frozen, now) is is_read


@every_topic
def test_a_topic_is_two_words_in_lower_case(topic: str) -> None:
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", topic)


@every_example
def test_a_golden_file_is_what_the_frozen_names_say(name: str) -> None:
    frozen = FROZEN["events"][shape_name(type(ALL_EXAMPLES[name]))]
    stored = fields_of(name)
    assert stored.keys() <= frozen.keys()
    assert {field for field, text in frozen.items() if not is_optional(text)} <= stored.keys()


def test_no_stored_number_is_anything_but_whole() -> None:
    texts = [text for shapes in NOW.values() for fields in shapes.values() for text in fields.values()]
    assert not [text for text in texts if "float" in text or "decimal" in text.lower()]
