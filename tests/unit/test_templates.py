"""What stands in a template: read strictly, with the source of every number."""

import json
from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from ledger.domain.errors import TemplateNotFound, TemplateUnreadable
from ledger.domain.quality import QualityFlag
from ledger.templates import (
    illustrative,
    read_template,
    shipped_template,
    template_bytes,
    template_names,
    unsourced,
)
from ledger.templates.form import quantities, sources_of

NOW = datetime(2026, 11, 22, tzinfo=UTC)
FILLINGS = {
    "id": "pilot",
    "name_zh": "试点",
    "name_en": "Pilot",
    "time_zone": "Asia/Shanghai",
    "valid_from": "2026-11-22T00:00:00+08:00",
}
NAMES = template_names()


def document(name: str = "community") -> dict[str, Any]:
    read: dict[str, Any] = json.loads(template_bytes(shipped_template(name)))
    return read


@pytest.mark.parametrize("name", NAMES)
def test_every_number_of_a_template_says_where_it_is_from(name: str) -> None:
    assert unsourced(shipped_template(name)) == []


@pytest.mark.parametrize("name", NAMES)
def test_no_source_is_given_for_what_is_not_there(name: str) -> None:
    for command in shipped_template(name).commands:
        named = command.get("sources", {})
        paths = list(quantities(command))
        assert [own for own in named if not any(f"{path}.".startswith(f"{own}.") for path in paths)] == []
        assert all(named.values())


def test_a_number_without_a_source_is_found() -> None:
    changed = document()
    del changed["commands"][-1]["sources"]
    assert unsourced(read_template(json.dumps(changed).encode())) == [
        "campaign.publish welcome: bonus.credits"
    ]


def test_a_source_serves_everything_inside_its_path() -> None:
    command = {"rule": {"credits": 1, "per_g": 10}, "caps": {"day_acts": 2}, "sources": {"rule": "a law"}}
    assert sources_of(command) == {"rule.credits": "a law", "rule.per_g": "a law"}


def test_numbers_and_factors_that_nobody_published_are_named() -> None:
    named = illustrative(shipped_template("city-nev"))
    assert "methodology.publish nev-day: factor per_km" in named
    assert "sink.open bamboo: credits_per_unit" in named
    assert "scenario.publish nev-day: rule.credits" not in named


def test_vehicles_are_told_what_becomes_of_each_flag() -> None:
    vehicles = [
        own for own in shipped_template("city-nev").commands if own.get("id") in {"nev-day", "charging"}
    ]
    treated = [set(own["quality"]) for own in vehicles if own["kind"] == "methodology.publish"]
    assert treated == [set(get_args(QualityFlag))] * 2


@pytest.mark.parametrize("name", NAMES)
def test_every_placeholder_is_filled_in(name: str) -> None:
    commands = shipped_template(name).commands_for(FILLINGS, NOW)
    assert "{" not in "".join(text for own in commands for text in _texts(own))


def _texts(command: Any) -> list[str]:
    return [value for name in command.__struct_fields__ if isinstance(value := getattr(command, name), str)]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda own: own.update(format="something else"),
        lambda own: own.update(version=2),
        lambda own: own.update(author="x"),
        lambda own: own.update(commands=[]),
        lambda own: own.update(commands=[{}] * 501),
        lambda own: own["defaults"].pop("time_zone"),
    ],
)
def test_a_file_that_is_no_template_is_refused(spoil: Any) -> None:
    changed = document()
    spoil(changed)
    with pytest.raises(TemplateUnreadable):
        read_template(json.dumps(changed).encode())


@pytest.mark.parametrize("raw", [b"", b"[]", b"\xff", b'{"format":', b"nonsense"])
def test_what_is_no_json_object_is_refused(raw: bytes) -> None:
    with pytest.raises(TemplateUnreadable):
        read_template(raw)


@pytest.mark.parametrize(
    ("number", "change", "told"),
    [
        (1, {"kind": "activity.record"}, "command 2"),
        (1, {"colour": "green"}, "command 2"),
        (1, {"occurred_at": "yesterday"}, "command 2"),
        (1, {"id": "{nothing}"}, "command 2"),
        (1, {"id": "a b"}, "command 2"),
        (0, {"kind": "fund.open"}, "command 1"),
    ],
)
def test_a_command_that_is_none_is_refused_by_its_number(
    number: int, change: dict[str, Any], told: str
) -> None:
    changed = document()
    changed["commands"][number] |= change
    template = read_template(json.dumps(changed).encode())
    with pytest.raises(TemplateUnreadable, match=told):
        template.commands_for(FILLINGS, NOW)


@pytest.mark.parametrize("order", [lambda own: own[1:], lambda own: [own[0], *own], lambda own: own[::-1]])
def test_a_template_begins_by_opening_its_programme_once(order: Any) -> None:
    changed = document()
    changed["commands"] = order(changed["commands"])
    template = read_template(json.dumps(changed).encode())
    with pytest.raises(TemplateUnreadable, match="opens the programme"):
        template.commands_for(FILLINGS, NOW)


def test_a_template_of_another_name_is_not_found() -> None:
    with pytest.raises(TemplateNotFound) as refused:
        shipped_template("village")
    assert refused.value.known == NAMES
