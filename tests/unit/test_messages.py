"""Commands and events: how one is read, how a repeat is recognised, and when an act may have been."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from ledger.domain import limits
from ledger.domain.decisions import ROWS, own_id_of, stream_of
from ledger.domain.errors import OccurredOutOfBounds
from ledger.domain.fund_alarms import ALARMS
from ledger.domain.messages import Command, Event, differing_fields
from ledger.domain.programme import OpenProgramme
from ledger.domain.topics import BY_TOPIC, EVENTS
from tests.unit.builders import (
    MICROSECOND,
    NOW,
    OPEN_PROGRAMME,
    RECORD_ACTIVITY,
    RUN_EXPIRY,
    TRANSFER,
    World,
    but,
    converted,
)
from tests.unit.story import good_commands, story

COMMANDS = good_commands()
TOLD = [(command, events) for command, events in story().told if events]


def named(value: Any) -> str:
    return type(value[0] if isinstance(value, tuple) else value).__name__


def each(values: Sequence[Command]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("command", values, ids=named)


# ── Reading ──────────────────────────────────────────────────────────────────────────────────


def test_there_is_one_good_command_of_every_kind() -> None:
    assert {type(command) for command in COMMANDS} == set(ROWS)


@each([*COMMANDS, RUN_EXPIRY])
def test_a_command_survives_being_written_and_read(command: Command) -> None:
    kind = type(command)
    assert msgspec.json.decode(msgspec.json.encode(command), type=kind) == command
    assert msgspec.convert(msgspec.to_builtins(command), kind) == command


@each([*COMMANDS, RUN_EXPIRY])
def test_a_command_with_a_field_nobody_knows_is_refused(command: Command) -> None:
    with pytest.raises(msgspec.ValidationError):
        converted(command, colour="green")


@each([*COMMANDS, RUN_EXPIRY])
def test_a_command_lacking_a_field_is_refused_unless_it_has_a_default(command: Command) -> None:
    fields = msgspec.to_builtins(command)
    for field in msgspec.structs.fields(command):
        rest = {name: value for name, value in fields.items() if name != field.name}
        if field.required:
            with pytest.raises(msgspec.ValidationError):
                msgspec.convert(rest, type(command))
        else:
            msgspec.convert(rest, type(command))


@each([*COMMANDS, RUN_EXPIRY])
def test_every_text_of_a_command_has_a_bound(command: Command) -> None:
    described = inspect.type_info(type(command))
    assert isinstance(described, inspect.StructType)
    unbounded = [
        field.name
        for field in described.fields
        for kind in (field.type.types if isinstance(field.type, inspect.UnionType) else (field.type,))
        if isinstance(kind, inspect.StrType) and kind.max_length is None and kind.pattern is None
    ]
    assert unbounded == []


@pytest.mark.parametrize(
    "occurred_at",
    ["2026-11-22T12:00:00", "2026-11-22", "2026-11-22 12:00", 1_795_000_000, None, "now", ""],
)
def test_an_instant_without_its_offset_is_refused(occurred_at: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        converted(TRANSFER, occurred_at=occurred_at)


def test_each_kind_of_command_has_a_tag_of_its_own() -> None:
    configs = [command.__struct_config__ for command in (*COMMANDS, RUN_EXPIRY)]
    tags = [str(config.tag) for config in configs]
    assert len(set(tags)) == len(tags)
    assert {config.tag_field for config in configs} == {"kind"}
    assert all(re.fullmatch(r"[a-z]+\.[a-z_]+", tag) for tag in tags)


# ── When ─────────────────────────────────────────────────────────────────────────────────────

BOUNDS = {"field": "occurred_at", "earliest": limits.OCCURRED_AT_MIN, "latest": NOW + limits.CLOCK_SKEW_MAX}


def test_an_act_may_be_as_late_as_a_clock_may_run_ahead_and_no_later() -> None:
    at, past = NOW + limits.CLOCK_SKEW_MAX, NOW + limits.CLOCK_SKEW_MAX + MICROSECOND
    world = World()
    world.do(but(OPEN_PROGRAMME, occurred_at=at))
    refusal = world.refusal(but(OPEN_PROGRAMME, occurred_at=past))
    assert isinstance(refusal, OccurredOutOfBounds)
    assert refusal.details() == BOUNDS | {"value": past}


def test_an_act_may_be_as_old_as_the_year_2000_and_no_older() -> None:
    world = World()
    world.do(but(OPEN_PROGRAMME, occurred_at=limits.OCCURRED_AT_MIN))
    for ancient in (limits.OCCURRED_AT_MIN - MICROSECOND, datetime(1, 1, 1, tzinfo=UTC)):
        refusal = world.refusal(but(OPEN_PROGRAMME, occurred_at=ancient))
        assert refusal.details() == BOUNDS | {"value": ancient}


def test_instants_at_the_ends_of_the_calendar_are_refused_in_any_offset() -> None:
    for text in ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"):
        occurred_at = datetime.fromisoformat(text)
        assert isinstance(World().refusal(but(TRANSFER, occurred_at=occurred_at)), OccurredOutOfBounds)


@each(COMMANDS)
def test_a_wrong_time_is_told_before_anything_that_a_decision_of_its_own_refuses(command: Command) -> None:
    refusal = World().refusal(but(command, occurred_at=NOW + timedelta(days=1)))
    assert isinstance(refusal, OccurredOutOfBounds)


@each([told[0] for told in TOLD])
def test_an_event_holds_both_times_in_utc(command: Command) -> None:
    events = next(events for told, events in TOLD if told is command)
    for event in events:
        assert event.occurred_at.tzinfo is UTC
        assert event.recorded_at.tzinfo is UTC
        assert event.occurred_at == command.occurred_at


def test_the_offset_a_caller_writes_is_not_kept() -> None:
    shanghai = NOW.astimezone(timezone(timedelta(hours=8)))
    (event, _) = story_of_one_activity(occurred_at=shanghai)
    assert event.occurred_at.isoformat() == "2026-11-22T04:00:00+00:00"


def story_of_one_activity(**changes: Any) -> Any:
    world = World()
    world.state.configure(story().state.opened())
    world.state.rulebook = story().state.rulebook
    return world.do(but(RECORD_ACTIVITY, **changes))


# ── Repeats ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("told", TOLD, ids=named)
def test_an_event_keeps_every_field_of_its_command(told: tuple[Command, tuple[Event, ...]]) -> None:
    command, events = told
    assert isinstance(events[0], ROWS[type(command)].begins)
    for name in type(command).__struct_fields__:
        assert getattr(events[0], name) == getattr(command, name)


@pytest.mark.parametrize("told", TOLD, ids=named)
def test_a_repeated_command_does_not_differ_from_its_event(
    told: tuple[Command, tuple[Event, ...]],
) -> None:
    command, events = told
    assert differing_fields(command, events[0]) == []
    elsewhere = but(command, occurred_at=command.occurred_at.astimezone(timezone(timedelta(hours=-9))))
    assert differing_fields(elsewhere, events[0]) == [], "the same instant in another offset"


def another(value: Any) -> Any:
    """Some other value than this one."""
    return object() if value is None or not isinstance(value, int) else value + 1


@pytest.mark.parametrize("told", TOLD, ids=named)
def test_precisely_the_fields_that_differ_are_named(told: tuple[Command, tuple[Event, ...]]) -> None:
    command, events = told
    names = [name for name in type(command).__struct_fields__ if name not in command.circumstances]
    for name in names:
        changed = but(command, **{name: another(getattr(command, name))})
        assert differing_fields(changed, events[0]) == [name]
    all_changed = but(command, **{name: another(getattr(command, name)) for name in names})
    assert differing_fields(all_changed, events[0]) == names


def test_fields_that_differ_are_named_in_the_order_of_the_command() -> None:
    event = next(events[0] for command, events in TOLD if command is TRANSFER)
    changed = but(TRANSFER, credits=11, to_account="org:school", occurred_at=NOW + MICROSECOND)
    assert differing_fields(changed, event) == ["occurred_at", "to_account", "credits"]


@each(COMMANDS)
def test_a_command_names_its_stream_by_what_does_not_change_when_it_is_repeated(command: Command) -> None:
    again = but(command, occurred_at=NOW - timedelta(days=1))
    assert stream_of(again, "green-city") == stream_of(command, "green-city")
    assert stream_of(command, "green-city") != stream_of(command, "blue-city")
    assert own_id_of(command)


def test_commands_of_different_kinds_with_one_id_stand_in_different_streams() -> None:
    one_id = [
        but(command, id="same")
        for command in COMMANDS
        if "id" in command.__struct_fields__ and not isinstance(command, OpenProgramme)
    ]
    streams = {stream_of(command, "green-city") for command in one_id}
    shared = 3  # the two ends of a run stand in one stream, and a hold where an offer is taken
    assert len(streams) == len(one_id) - shared


def test_two_sources_may_use_the_same_id() -> None:
    other = but(RECORD_ACTIVITY, source="metro-card")
    assert stream_of(other, "green-city") != stream_of(RECORD_ACTIVITY, "green-city")


def test_no_source_and_id_can_be_read_as_another_source_and_id() -> None:
    assert own_id_of(but(RECORD_ACTIVITY, source="a", id="b:c")) == "a:b:c"
    with pytest.raises(msgspec.ValidationError):
        converted(RECORD_ACTIVITY, source="bus:card")


# ── Topics ───────────────────────────────────────────────────────────────────────────────────


def test_every_event_has_a_topic_of_its_own() -> None:
    assert len(BY_TOPIC) == len(EVENTS)
    assert all(BY_TOPIC[event.topic] is event for event in EVENTS)


def test_every_event_that_a_command_records_has_its_topic() -> None:
    recorded = {event for row in ROWS.values() for event in (*row.begins, *row.goes_on)}
    assert recorded | set(ALARMS) == set(EVENTS), "alarms of funds follow whatever moves their money"


def test_events_are_not_to_be_changed() -> None:
    for _, events in TOLD:
        with pytest.raises(AttributeError):
            events[0].occurred_at = NOW  # type: ignore[misc]
