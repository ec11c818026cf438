"""Every released event still loads: its golden bytes, its field names, its types, its topic.

A stored event is never rewritten, so nothing here may change once it is released. A new topic gets
an example in `examples.py`, and its files by `python -m tests.contract.freeze`, which never
overwrites one. A field may be added when it has a default, and a choice to a list of choices;
freeze them the same way.
"""

import json
import re
from typing import Any

import msgspec
import pytest
from eventsourcing.persistence import MapperDeserialisationError

from ledger.domain.book import Leg
from ledger.domain.messages import Event
from ledger.domain.topics import BY_TOPIC
from ledger.store.mapper import mapper
from tests.contract.examples import EXAMPLES
from tests.contract.freeze import EVENTS_FOLDER, frozen_shapes, golden_file, shapes_now
from tests.contract.shapes import is_optional, still_reads

every_topic = pytest.mark.parametrize("topic", BY_TOPIC)

FROZEN, NOW = frozen_shapes(), shapes_now()
SHAPES = [(group, name) for group, shapes in FROZEN.items() for name in shapes]


def golden(topic: str) -> bytes:
    return golden_file(topic).read_bytes()


def fields_of(topic: str) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(golden(topic))
    return fields


def load(topic: str, fields: dict[str, Any]) -> Event:
    return mapper().event_of(topic, json.dumps(fields, ensure_ascii=False).encode())


# ── Golden bytes ─────────────────────────────────────────────────────────────────────────────


def test_every_topic_has_a_golden_file_and_there_is_no_other() -> None:
    assert {path.name for path in EVENTS_FOLDER.iterdir()} == {f"{topic}.json" for topic in BY_TOPIC}
    assert set(EXAMPLES) == set(BY_TOPIC)


@every_topic
def test_a_golden_file_loads_as_the_event_it_was_written_from(topic: str) -> None:
    event = mapper().event_of(topic, golden(topic))
    assert type(event) is BY_TOPIC[topic]
    assert event == EXAMPLES[topic]


@every_topic
def test_an_event_is_written_as_the_very_bytes_of_its_golden_file(topic: str) -> None:
    assert mapper().state_of(EXAMPLES[topic]) == golden(topic)
    assert mapper().state_of(mapper().event_of(topic, golden(topic))) == golden(topic)


@every_topic
def test_an_example_shows_the_stored_name_of_every_field(topic: str) -> None:
    event = EXAMPLES[topic]
    shown = set(fields_of(topic)) | ({"legs"} if not event.legs else set())
    assert shown == set(event.__struct_fields__)


@every_topic
def test_legs_are_stored_as_short_lists_and_load_as_legs(topic: str) -> None:
    legs = mapper().event_of(topic, golden(topic)).legs
    assert isinstance(legs, tuple)
    assert all(type(leg) is Leg for leg in legs)
    stored = fields_of(topic).get("legs", [])
    assert stored == [[leg.account, leg.asset, leg.lot, leg.amount] for leg in legs]


@every_topic
def test_names_in_chinese_are_stored_as_they_are_read(topic: str) -> None:
    assert b"\\u" not in golden(topic)
    assert golden(topic).decode("utf-8")


# ── Older and newer releases ─────────────────────────────────────────────────────────────────


@every_topic
def test_fields_of_a_later_release_are_ignored(topic: str) -> None:
    later = fields_of(topic) | {"a_field_of_tomorrow": {"deep": [1, None, "值"]}, "another": 7}
    assert load(topic, later) == EXAMPLES[topic]


@every_topic
def test_a_field_that_an_earlier_release_did_not_write_gets_its_default(topic: str) -> None:
    fields = fields_of(topic)
    for field in msgspec.structs.fields(BY_TOPIC[topic]):
        earlier = {name: value for name, value in fields.items() if name != field.name}
        if field.required:
            with pytest.raises(MapperDeserialisationError):
                load(topic, earlier)
        else:
            assert load(topic, earlier) is not None


@every_topic
def test_the_order_of_stored_fields_does_not_matter(topic: str) -> None:
    assert load(topic, dict(reversed(fields_of(topic).items()))) == EXAMPLES[topic]


def test_bytes_under_a_topic_nobody_knows_are_refused() -> None:
    with pytest.raises(MapperDeserialisationError):
        mapper().event_of("credits.burnt", golden("credits.issued"))


# ── Names and types ──────────────────────────────────────────────────────────────────────────


def test_everything_that_is_stored_is_frozen() -> None:
    assert NOW == FROZEN, "what is new is frozen with `python -m tests.contract.freeze`"


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


@every_topic
def test_a_golden_file_is_what_the_frozen_names_say(topic: str) -> None:
    frozen = FROZEN["events"][topic]
    stored = fields_of(topic)
    assert stored.keys() <= frozen.keys()
    assert {field for field, text in frozen.items() if not is_optional(text)} <= stored.keys()


def test_no_stored_number_is_anything_but_whole() -> None:
    texts = [text for shapes in NOW.values() for fields in shapes.values() for text in fields.values()]
    assert not [text for text in texts if "float" in text or "decimal" in text.lower()]
