"""Programmes made from templates, and templates taken from programmes."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ledger import config
from ledger.bootstrap import Ledger, open_ledger
from ledger.deciding import Recorded
from ledger.domain.activity import RecordActivity
from ledger.domain.errors import (
    ProgrammeOpen,
    TemplateRefused,
    TemplateTooLong,
    TimeZoneUnknown,
)
from ledger.domain.fund import CommitMoney
from ledger.domain.limits import TEMPLATE_COMMANDS_MAX
from ledger.domain.methodologies.formulas import FORMULAS
from ledger.domain.methodology import Measured
from ledger.domain.owners import OpenFund, OpenMerchant
from ledger.domain.rules import PublishMethodology, PublishScenario
from ledger.store.log import Log
from ledger.templates import (
    Made,
    Naming,
    Template,
    make_programme,
    read_template,
    shipped_template,
    template_bytes,
    template_names,
    template_of,
)
from ledger.verify import verify
from tests.integration.told import proving_database

NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
SUBJECTS: dict[Any, str] = {"vehicle": "a" * 64, "person": "b" * 64, "household": "c" * 64}
PLENTY: dict[str, Any] = {
    "distance_km": "25",
    "energy_kwh": "3.75",
    "charged_kwh": "20",
    "steps": 9_000,
    "count": 1,
    "mass_kg": "1.5",
}


@pytest.fixture
def ledger(database: str) -> Iterator[Ledger]:
    opened = open_ledger(config.load({"DATABASE_URL": database}))
    yield opened
    opened.close()


def made(ledger: Ledger, template: Template, own_id: str = "pilot", **named: Any) -> Made:
    naming = Naming(programme_id=own_id, **named)
    return make_programme(ledger.database, ledger.writer, template, naming, now=NOW, dry_run=False)


def _act(number: int, scenario: PublishScenario, methodology: PublishMethodology) -> RecordActivity:
    fields = FORMULAS[methodology.formula].fields
    begins_at = NOW - timedelta(hours=10) + timedelta(minutes=40 * number)
    return RecordActivity(
        occurred_at=begins_at,
        id=f"act-{number}",
        source="app",
        participant_id="ann",
        scenario_id=scenario.id,
        measured=Measured(**{name: PLENTY[name] for name in fields}),
        began_at=begins_at,
        ended_at=begins_at + timedelta(minutes=30),
        subjects={**SUBJECTS, "vehicle": f"{number:064x}"},
    )


@pytest.mark.parametrize("name", template_names())
def test_every_scenario_of_a_programme_made_from_a_template_credits_an_act(
    ledger: Ledger, database: str, name: str
) -> None:
    commands = made(ledger, shipped_template(name), valid_from=date(2026, 11, 21)).commands
    funds = [command for command in commands if isinstance(command, OpenFund)]
    for fund in funds:
        money = CommitMoney(occurred_at=NOW, id="c", fund_id=fund.id, sponsor_id="s", value_fen=100_000)
        ledger.writer.submit("pilot", money)
    methodologies = {own.id: own for own in commands if isinstance(own, PublishMethodology)}
    scenarios = [command for command in commands if isinstance(command, PublishScenario)]
    assert scenarios
    for number, scenario in enumerate(scenarios):
        act = _act(number, scenario, methodologies[scenario.methodology_id])
        events = msgspec.json.decode(ledger.writer.submit("pilot", act).body)["events"]
        topics = {event["topic"]: event["data"] for event in events}
        assert topics["reduction.recorded"]["amount_g"] > 0, scenario.id
        assert topics["credits.issued"]["awarded_credits"] > 0, scenario.id
    with proving_database(database) as proving:
        [report] = verify(proving, programme_id="pilot", views={})
    assert report.findings == []


@pytest.mark.parametrize("name", template_names())
def test_a_template_taken_from_a_programme_made_of_it_makes_an_equal_one(ledger: Ledger, name: str) -> None:
    made(ledger, shipped_template(name), "one", name_zh="一号", name_en="One", time_zone="Asia/Urumqi")
    first = template_bytes(template_of(ledger.database, "one"))
    made(ledger, read_template(first), "two")
    second = template_bytes(template_of(ledger.database, "two"))
    assert first == second
    assert b'"one"' not in first
    one, two = (_configuration(ledger, own_id) for own_id in ("one", "two"))
    assert len(one) == len(shipped_template(name).commands)
    assert {json.dumps(event, sort_keys=True) for event in one} == {
        json.dumps(event, sort_keys=True) for event in two
    }


def _configuration(ledger: Ledger, own_id: str) -> list[dict[str, Any]]:
    states = (event.state for page in Log(ledger.database).pages(own_id) for event in page)
    events = (json.loads(state.replace(b'"id":"%b"' % own_id.encode(), b'"id":"?"')) for state in states)
    return [event | {"recorded_at": None} for event in events]


def test_only_what_stands_now_is_taken_and_numbered_anew(ledger: Ledger) -> None:
    commands = made(ledger, shipped_template("city-nev")).commands
    [charging] = [own for own in commands if isinstance(own, PublishMethodology) and own.id == "charging"]
    for version in (2, 3, 4):
        ledger.writer.submit(
            "pilot", msgspec.structs.replace(charging, version=version, name_en=f"v{version}")
        )
    [scenario] = [own for own in commands if isinstance(own, PublishScenario) and own.id == "charging"]
    ledger.writer.submit("pilot", msgspec.structs.replace(scenario, version=2, methodology_version=3))
    taken = template_of(ledger.database, "pilot").commands
    methodologies = [own for own in taken if own["kind"] == "methodology.publish" and own["id"] == "charging"]
    assert [(own["version"], own["name_en"]) for own in methodologies] == [(1, "v3"), (2, "v4")]
    [found] = [own for own in taken if own["kind"] == "scenario.publish" and own["id"] == "charging"]
    assert (found["version"], found["methodology_version"]) == (1, 1)
    assert found["valid_from"] == "{valid_from}"


def test_an_instant_other_than_the_earliest_is_taken_as_it_is(ledger: Ledger) -> None:
    commands = made(ledger, shipped_template("community"), valid_from=date(2026, 1, 1)).commands
    [walk] = [own for own in commands if isinstance(own, PublishScenario) and own.id == "walk"]
    later = datetime(2027, 1, 1, tzinfo=UTC)
    ledger.writer.submit("pilot", msgspec.structs.replace(walk, version=2, valid_from=later))
    template = template_of(ledger.database, "pilot")
    [found] = [own for own in template.commands if own["kind"] == "scenario.publish" and own["id"] == "walk"]
    assert found["valid_from"] == "2027-01-01T00:00:00Z"
    assert template.defaults.valid_from == datetime(2025, 12, 31, 16, tzinfo=UTC)


def test_acts_count_from_the_local_day_on_that_is_named(ledger: Ledger) -> None:
    commands = made(
        ledger, shipped_template("community"), time_zone="America/New_York", valid_from=date(2026, 3, 9)
    ).commands
    instants = {own.valid_from for own in commands if isinstance(own, PublishScenario)}
    assert instants == {datetime(2026, 3, 9, 4, tzinfo=UTC)}  # summer time has begun the day before


def test_a_dry_run_writes_nothing(ledger: Ledger) -> None:
    naming = Naming(programme_id="pilot")
    template = shipped_template("enterprise")
    tried = make_programme(ledger.database, ledger.writer, template, naming, now=NOW, dry_run=True)
    assert Log(ledger.database).head("pilot") is None
    assert tried.commands == made(ledger, template).commands


@pytest.mark.parametrize(
    ("template", "named"),
    [
        ("community", {"name_en": "Another"}),
        ("community", {"valid_from": date(2026, 1, 1)}),
        ("enterprise", {}),
    ],
)
def test_a_programme_that_is_there_is_left_alone(ledger: Ledger, template: str, named: Any) -> None:
    made(ledger, shipped_template("community"))
    head = Log(ledger.database).head("pilot")
    with pytest.raises(ProgrammeOpen):
        made(ledger, shipped_template(template), **named)
    assert Log(ledger.database).head("pilot") == head


def test_asked_again_in_the_same_words_it_says_what_was_recorded(ledger: Ledger) -> None:
    first = made(ledger, shipped_template("city-nev"))
    again = made(ledger, shipped_template("city-nev"))
    assert (first.is_repeated, again.is_repeated) == (False, True)
    assert [one.body for one in first.recorded] == [one.body for one in again.recorded]
    assert Log(ledger.database).head("pilot") == len(first.commands) == first.recorded[-1].position


@pytest.mark.parametrize("dry_run", [True, False])
def test_nothing_is_recorded_of_a_template_with_a_command_that_is_refused(
    ledger: Ledger, *, dry_run: bool
) -> None:
    template = shipped_template("community")
    broken = json.loads(template_bytes(template))
    broken["commands"][-2]["version"] = 2
    again = read_template(json.dumps(broken).encode())
    naming = Naming(programme_id="pilot")
    with pytest.raises(TemplateRefused) as refused:
        make_programme(ledger.database, ledger.writer, again, naming, now=NOW, dry_run=dry_run)
    assert (refused.value.command, refused.value.kind) == (len(template.commands) - 1, "policy.publish")
    assert "version_out_of_sequence" in refused.value.refusal
    assert Log(ledger.database).head("pilot") is None


def test_a_time_zone_that_nobody_knows_is_refused(ledger: Ledger) -> None:
    with pytest.raises(TimeZoneUnknown):
        made(ledger, shipped_template("community"), time_zone="Asia/Nowhere")


def test_a_programme_with_more_than_a_template_holds_is_not_taken(ledger: Ledger) -> None:
    there = len(made(ledger, shipped_template("community")).commands)

    def merchants(count: int) -> list[OpenMerchant]:
        return [
            OpenMerchant(occurred_at=NOW, id=f"m{n}", name_zh="商户", name_en="Merchant")
            for n in range(count)
        ]

    outcomes = ledger.writer.submit_many("pilot", merchants(TEMPLATE_COMMANDS_MAX - there))
    assert all(isinstance(outcome, Recorded) for outcome in outcomes)
    assert len(template_of(ledger.database, "pilot").commands) == TEMPLATE_COMMANDS_MAX
    ledger.writer.submit(
        "pilot", OpenMerchant(occurred_at=NOW, id="more", name_zh="商户", name_en="Merchant")
    )
    with pytest.raises(TemplateTooLong):
        template_of(ledger.database, "pilot")


def test_a_template_is_short_enough_to_be_recorded_at_once(ledger: Ledger) -> None:
    assert ledger.writer.group_commands_max >= TEMPLATE_COMMANDS_MAX


def test_the_files_that_ship_hold_what_is_read_of_them() -> None:
    folder = Path(config.__file__).parent / "data" / "templates"
    assert sorted(path.stem for path in folder.glob("*.json")) == sorted(template_names())
