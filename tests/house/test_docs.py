"""The documents say what the code does: settings, commands, events and their fields."""

import re
from pathlib import Path

import msgspec
import pytest

from ledger.config import SETTINGS, Setting
from ledger.domain import limits
from ledger.domain.activity import RecordActivity
from ledger.domain.addresses import ADJUSTED, EXPIRED, FEES, ISSUANCE, NATURE, REDEEMED
from ledger.domain.messages import Event
from ledger.domain.topics import EVENTS
from ledger.keys import ROLES
from ledger.store.migrations import FOLDER

ROOT = Path(__file__).parents[2]
COMMON_FIELDS = ("occurred_at", "recorded_at", "legs")


def _read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _named_in(text: str) -> set[str]:
    """Everything that stands between back quotes."""
    return set(re.findall(r"`([^`\n]+)`", text))


def _sections(text: str) -> dict[str, str]:
    """The text below each heading that is a name."""
    _, *parts = re.split(r"(?m)^### `([^`]+)`$", text)
    return dict(zip(parts[::2], parts[1::2], strict=True))


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_stands_in_operations_as_it_is(setting: Setting) -> None:
    default = "not set" if setting.default is None else f"`{setting.default}`"
    row = f"| `{setting.name}` | {default} | {setting.unit} | {setting.accepted} | {setting.meaning} |\n"
    assert row in _read("docs/operations.md")


def test_operations_knows_no_setting_that_is_not_there() -> None:
    rows = re.findall(r"(?m)^\| `([A-Z_]+)` \|", _read("docs/operations.md"))
    assert rows == [setting.name for setting in SETTINGS]


def test_operations_names_every_role_and_how_long_a_revoked_key_lives() -> None:
    operations = _read("docs/operations.md")
    assert set(ROLES) <= _named_in(operations)
    assert f"within {limits.KEY_CACHED_S_MAX} seconds" in operations


def test_the_commands_of_the_readme_exist() -> None:
    targets = set(re.findall(r"(?m)^([a-z]+):.*## ", _read("Makefile")))
    named = set(re.findall(r"\bmake ([a-z]+)", _read("README.md") + _read("docs/operations.md")))
    assert {"demo", "test", "serve"} <= named <= targets


def test_the_activity_of_the_readme_is_one_that_the_ledger_takes() -> None:
    [body] = re.findall(r"-d '(\{.*?\})'", _read("README.md"), re.DOTALL)
    activity = msgspec.json.decode(body, type=RecordActivity)
    assert activity.measured.distance_km == "25.0"


def test_events_lists_every_topic_and_no_other() -> None:
    assert set(_sections(_read("docs/events.md"))) == {event.topic for event in EVENTS}


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.topic)
def test_events_names_every_field_of_an_event(event: type[Event]) -> None:
    section = _sections(_read("docs/events.md"))[event.topic]
    named = {name for row in re.findall(r"(?m)^\| (`.+?) \|", section) for name in _named_in(row)}
    assert named == set(event.__struct_fields__) - set(COMMON_FIELDS)
    assert re.search(r"(?m)^Legs: |No legs\.$", section)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.topic)
def test_events_says_which_fields_may_be_left_out(event: type[Event]) -> None:
    section = _sections(_read("docs/events.md"))[event.topic]
    for names, default in re.findall(r"(?m)^\| (`.+?) \| .+? \| (.*?)\|", section):
        for name in _named_in(names):
            field = next(one for one in msgspec.structs.fields(event) if one.name == name)
            assert field.required is (not default.strip()), name


def test_events_describes_what_every_event_has_and_every_counter_account() -> None:
    before_topics = _read("docs/events.md").partition("\n### ")[0]
    assert {*COMMON_FIELDS, NATURE, ISSUANCE, ADJUSTED, REDEEMED, EXPIRED, FEES} <= _named_in(before_topics)


def test_architecture_names_every_table() -> None:
    tables = [
        name
        for migration in sorted(FOLDER.glob("*.sql"))
        for name in re.findall(r"(?m)^CREATE TABLE (\w+)", migration.read_text())
    ]
    assert tables
    assert set(tables) <= _named_in(_read("docs/architecture.md"))


def test_architecture_names_files_that_exist() -> None:
    named = {
        name for name in _named_in(_read("docs/architecture.md")) if re.match(r"(api|ledger|tests)/", name)
    }
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize(
    "document",
    [
        "README.md",
        "CHANGELOG.md",
        *(f"docs/{p.relative_to(ROOT / 'docs')}" for p in ROOT.glob("docs/**/*.md")),
    ],
)
def test_every_link_inside_the_project_leads_somewhere(document: str) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", _read(document))
    folder = (ROOT / document).parent
    assert [target for target in targets if not (folder / target).exists()] == []


def test_the_index_of_decisions_lists_every_record() -> None:
    records = sorted(path.name for path in (ROOT / "docs/decisions").glob("[0-9]*.md"))
    assert re.findall(r"\]\(([0-9][^)]+)\)", _read("docs/decisions/README.md")) == records
