"""Templates through HTTP: those that ship, programmes made of them, and templates of programmes."""

import itertools
import json
from typing import Any

import pytest

from ledger.domain.limits import TEMPLATE_BYTES_MAX
from ledger.templates import illustrative, shipped_template, template_bytes, template_names
from tests.e2e.town import OCCURRED, Answer, Town, code_of

NEW = "from-template"
_numbers = itertools.count(1)


@pytest.fixture
def new(bare: Town) -> Town:
    """A programme that nobody has opened."""
    return Town(bare.ledger, f"{NEW}-{next(_numbers)}", beside=bare)


def make(town: Town, *, dry_run: bool | None = None, **fields: Any) -> Answer:
    query = "" if dry_run is None else f"?dry_run={str(dry_run).lower()}"
    asked = {"template_id": "community"} | fields
    return town.post("operator", f"/template{query}", **asked)


def test_the_templates_that_ship_are_listed_with_how_much_of_them_is_made_up(town: Town) -> None:
    listed = town.get_at("/v1/templates", "poster").json["templates"]
    assert [one["id"] for one in listed] == template_names()
    for one in listed:
        template = shipped_template(one["id"])
        assert (one["name_zh"], one["about_en"]) == (template.name_zh, template.about_en)
        assert (one["commands"], one["illustrative"]) == (len(template.commands), len(illustrative(template)))
        assert one["illustrative"] < one["numbers"]


@pytest.mark.parametrize("name", template_names())
def test_a_template_is_shown_with_the_source_of_each_number(town: Town, name: str) -> None:
    shown = town.get_at(f"/v1/templates/{name}", "auditor").json
    assert shown["template"] == json.loads(template_bytes(shipped_template(name)))
    for number in shown["numbers"]:
        command = shown["template"]["commands"][number["command"] - 1]
        assert command["kind"] == number["kind"]
        assert number["source"]
        assert number["illustrative"] == _is_illustrative(command, number), number


def _is_illustrative(command: dict[str, Any], number: dict[str, Any]) -> bool:
    _, is_factor, name = number["path"].rpartition("factors.")
    if is_factor:
        [factor] = [one for one in command["factors"] if one["name"] == name]
        assert (factor["value"], factor["source"]) == (number["value"], number["source"])
        return bool(factor.get("illustrative", False))
    value: Any = command
    for step in number["path"].split("."):
        value = value[int(step)] if isinstance(value, list) else value[step]
    assert str(value) == number["value"]
    return bool(number["source"].startswith("illustrative"))


@pytest.mark.parametrize("name", template_names())
def test_a_programme_is_made_of_a_template_and_asked_again_the_same_is_told(new: Town, name: str) -> None:
    made = make(new, template_id=name, name_zh="试点", name_en="Pilot", valid_from="2026-01-01")
    assert made.status_code == 201, made.text
    events = made.json["events"]
    assert [event["position"] for event in events] == list(range(1, len(events) + 1))
    assert len(events) == len(shipped_template(name).commands) == int(made.headers["Ledger-Position"])
    assert events[0]["data"]["name_en"] == "Pilot"
    assert new.get("").json["position"] == made.json["position"]
    again = make(new, template_id=name, name_zh="试点", name_en="Pilot", valid_from="2026-01-01")
    assert (again.data, again.headers["Idempotent-Replay"]) == (made.data, "true")
    assert "Idempotent-Replay" not in made.headers


def test_what_is_left_to_do_is_told_with_the_programme(new: Town) -> None:
    told = make(new, template_id="city-nev").json["next"]
    assert [(step["need"], step["id"]) for step in told] == [
        ("keys", ""),
        ("money", "green-travel"),
        ("units", "bamboo"),
        ("numbers", ""),
    ]
    assert f"--programme {new.programme_id}" in told[0]["text"]


def test_acts_earn_in_a_programme_made_of_a_template(new: Town) -> None:
    assert make(new, valid_from="2026-11-20").status_code == 201
    walk = {"source": "phones", "participant_id": "ann", "scenario_id": "walk", "measured": {"steps": 9_000}}
    reported = new.post("poster", "/activities", id="w", subjects={"person": "b" * 64}, **walk)
    assert [event["topic"] for event in reported.json["events"]][:2] == [
        "reduction.recorded",
        "credits.issued",
    ]


@pytest.mark.parametrize(
    "other",
    [
        {"name_en": "Another"},
        {"template_id": "enterprise"},
        {"valid_from": "2026-02-01"},
        {"occurred_at": "2026-11-20T09:00:00+08:00"},
    ],
)
def test_a_programme_that_is_there_is_left_alone(new: Town, other: dict[str, Any]) -> None:
    made = make(new, valid_from="2026-01-01")
    assert code_of(make(new, **({"valid_from": "2026-01-01"} | other))) == "programme_open"
    assert new.get("").json["position"] == made.json["position"]


def test_a_dry_run_tells_the_commands_and_writes_nothing(new: Town) -> None:
    tried = make(new, dry_run=True, time_zone="Asia/Urumqi")
    assert tried.status_code == 200, tried.text
    assert len(tried.json["commands"]) == len(shipped_template("community").commands)
    opening = tried.json["commands"][0]
    assert (opening["kind"], opening["id"]) == ("programme.open", new.programme_id)
    assert opening["time_zone"] == "Asia/Urumqi"
    assert code_of(new.get("")) == "programme_not_found"
    assert make(new, dry_run=False, time_zone="Asia/Urumqi").status_code == 201


def test_what_is_exported_makes_an_equal_programme(new: Town, bare: Town) -> None:
    assert make(new, template_id="city-nev").status_code == 201
    exported = new.get("/template", "operator")
    assert exported.content_type == "application/json"
    copy = make(bare, template_id=None, template=exported.json)
    assert copy.status_code == 201, copy.text
    assert bare.get("/template").data == exported.data
    again = make(bare, template_id=None, template=exported.json)
    assert (again.data, again.headers["Idempotent-Replay"]) == (copy.data, "true")


def test_a_template_of_ones_own_is_told_which_command_is_none(new: Town) -> None:
    own = json.loads(template_bytes(shipped_template("community")))
    own["commands"][3]["kind"] = "village.open"
    refused = make(new, template_id=None, template=own)
    assert code_of(refused) == "template_unreadable"
    assert refused.json["details"]["reason"].startswith("command 4:")
    own = json.loads(template_bytes(shipped_template("community")))
    own["commands"][-2]["version"] = 2
    for dry_run in (True, False):
        refused = make(new, dry_run=dry_run, template_id=None, template=own)
        assert code_of(refused) == "template_refused"
        assert "version_out_of_sequence" in refused.json["details"]["refusal"]
    assert code_of(new.get("")) == "programme_not_found"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"template_id": None}, "template"),
        ({"template": {}}, "template"),
        ({"template_id": 7}, "template_id"),
        ({"valid_from": "0001-01-01"}, "valid_from"),
        ({"valid_from": "9999-12-31"}, "valid_from"),
        ({"valid_from": "2026-02-30"}, "valid_from"),
        ({"id": "one"}, "id"),
        ({"name_en": "a\nb"}, "name_en"),
        ({"occurred_at": "2026-11-20"}, "occurred_at"),
    ],
)
def test_a_wrong_field_is_named(new: Town, fields: dict[str, Any], named: str) -> None:
    refused = make(new, **fields)
    assert code_of(refused) == "fields_invalid"
    assert [one["field"] for one in refused.json["errors"]] == [named]


def test_the_query_knows_one_word(new: Town) -> None:
    for query in ("?dry_run=maybe", "?dryrun=true"):
        body = json.dumps({"occurred_at": OCCURRED, "template_id": "community"}).encode()
        assert code_of(new.send(f"/template{query}", body)) == "fields_invalid"


def test_a_template_may_be_as_long_as_the_limit_and_no_longer(new: Town) -> None:
    body = json.dumps({"occurred_at": OCCURRED, "template_id": "community"}).encode()
    longest = body + b" " * (TEMPLATE_BYTES_MAX - len(body))
    assert code_of(new.send("/template", longest + b" ")) == "body_too_large"
    assert new.send("/template", longest).status_code == 201
