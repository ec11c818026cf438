"""Both doors accept the same commands: bulk lines by the converter, single bodies by the schemas."""

import copy
import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import inspect

from api import bulk, strict_json
from api.bulk import COMMAND_OF_KIND
from api.command_schemas import load_by_converter, load_by_schema
from ledger.domain.errors import FieldsInvalid, MalformedJson
from ledger.domain.messages import Command, SignedCommand
from ledger.keys import Key
from tests.property.examples import PROFILE, examples

# ── Good commands, made from the types ────────────────────────────────────────────────────────


def _texts(described: inspect.StrType) -> st.SearchStrategy[str]:
    pattern = described.pattern or r"^[^\x00-\x1f\x7f\ud800-\udfff]*\Z"
    texts = st.from_regex(pattern, fullmatch=False)
    longest = described.max_length or 200
    return texts.filter(lambda text: (described.min_length or 0) <= len(text) <= longest)


def _instants() -> st.SearchStrategy[str]:
    zones = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
    return st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=zones | st.just(UTC)).map(  # noqa: DTZ001
        lambda instant: instant.isoformat()
    )


def good(described: inspect.Type) -> st.SearchStrategy[Any]:  # noqa: C901, PLR0911 - a table of types
    """Values that a type accepts, as JSON has them."""
    match described:
        case inspect.IntType(ge=least, le=most):
            return st.integers(
                -(10**18) if least is None else int(least), 10**18 if most is None else int(most)
            )
        case inspect.StrType():
            return _texts(described)
        case inspect.BoolType():
            return st.booleans()
        case inspect.DateTimeType():
            return _instants()
        case inspect.DateType():
            return st.dates(date(1, 1, 1)).map(date.isoformat)
        case inspect.LiteralType(values=values):
            return st.sampled_from(values)
        case inspect.NoneType():
            return st.none()
        case inspect.UnionType(types=types):
            return st.one_of(*map(good, types))
        case inspect.VarTupleType():
            items = good(described.item_type)
            return st.lists(
                items, min_size=described.min_length or 0, max_size=min(described.max_length or 3, 3)
            )
        case inspect.DictType():
            return st.dictionaries(good(described.key_type), good(described.value_type), max_size=3)
        case inspect.StructType(fields=fields, tag_field=tag_field, tag=tag):
            required = {field.name: good(field.type) for field in fields if field.required}
            optional = {field.name: good(field.type) for field in fields if not field.required}
            tags = {} if tag_field is None else {tag_field: st.just(tag)}
            return st.fixed_dictionaries({**required, **tags}, optional=optional)
        case _:
            raise TypeError(described)


COMMANDS = {kind: good(inspect.type_info(command)) for kind, command in COMMAND_OF_KIND.items()}

# ── What is done to them ──────────────────────────────────────────────────────────────────────

ODD_VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        -1,
        1,
        2**63 - 1,
        2**63,
        -(2**63),
        10**18,
        1.0,
        1.5,
        -0.0,
        1e300,
        "",
        " ",
        "1",
        "1_0",
        " 1.5 ",
        "１２",
        "x\x00y",
        "x\n",
        "\u200b",
        "😀" * 3,
        "a" * 48,
        "a" * 49,
        "名" * 120,
        "名" * 121,
        "participant:a",
        "participant:",
        "org:a\n",
        "2026-11-22",
        "2026-11-22T08:00:00",
        "2026-11-22 08:00:00Z",
        "2026-11-22t08:00:00z",
        "2026-11-22T08:00:00+0800",
        "2026-11-22T08:00:00.123456789Z",
        "2026-11-22T24:00:00Z",
        "2026-02-30T00:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "20261122",
        "2026-02-30",
        "credits_per_act",
        "distance",
        [],
        {},
        [[]],
        [{}],
        {"kind": "credits_per_act", "credits": 1},
        {"kind": 1},
        {"fund_id": "a", "weight": 1},
        [{"fund_id": "a", "weight": 1}] * 9,
        {str(number): "1" for number in range(21)},
        {"a": 1},
        "0.5",
        "0.00001",
        ["late"],
        ["late", "unheard_of"],
        ["late"] * 11,
        ["late"] * 12,
        {"late": "0.5"},
        {"late": 1},
        {"unheard_of": "0.5"},
        {"proof": "1"},
        {"vehicle": "a" * 64},
        {"vehicle": "A" * 64},
        {"truck": "a" * 64},
        {"day_acts": 0},
        {"day_acts": 1, "day_credits": None},
        {"fund_id": "a", "fen_per_credit": 1},
        [{"group": "a", "subject": "vehicle"}] * 4,
        [{"group": "a", "subject": "vehicle"}] * 5,
        [{"group": "a", "subject": "truck", "shared": 1}],
        {"began_at": "9999-12-31T23:59:59-23:59"},
    ]
).map(copy.deepcopy)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value inside a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] + [place for key, item in inner for place in _places(item, (*path, key))]


@st.composite
def mutated(draw: st.DrawFn, command: st.SearchStrategy[dict[str, Any]]) -> dict[str, Any]:
    """A good command with up to three things done to it."""
    value = copy.deepcopy(draw(command))
    for _ in range(draw(st.integers(0, 3))):
        places = _places(value)[1:]
        if not places:
            break
        *way, last = draw(st.sampled_from(places))
        holder: Any = value
        for step in way:
            holder = holder[step]
        match draw(st.sampled_from(["drop", "add", "replace"])):
            case "drop":
                del holder[last]
            case "add" if isinstance(holder, dict):
                holder[draw(st.sampled_from(["x", "kind", "id", "field", "_schema", "value"]))] = draw(
                    ODD_VALUES
                )
            case "add":
                holder.insert(last, draw(ODD_VALUES))
            case _:
                holder[last] = draw(ODD_VALUES)
    return value


KEY = Key("key", "a back end", "poster", None, datetime(2026, 5, 1, tzinfo=UTC), None)


def _by_line(value: dict[str, Any]) -> Command | None:
    """The command as a line of a bulk request makes it; None when refused."""
    try:
        return bulk.command_of(dict(value), KEY)
    except FieldsInvalid:
        return None


def _by_converter(kind: str, fields: dict[str, Any]) -> Command | None:
    return load_by_converter(COMMAND_OF_KIND[kind], fields)


def _by_schema(kind: str, fields: dict[str, Any]) -> Command | None:
    try:
        return load_by_schema(COMMAND_OF_KIND[kind], fields)
    except FieldsInvalid:
        return None


@pytest.mark.timeout(0 if PROFILE == "soak" else 120)
@pytest.mark.parametrize("kind", sorted(COMMANDS))
def test_converter_and_schema_accept_the_same_values_and_give_equal_commands(kind: str) -> None:
    @settings(max_examples=examples(75, soak=3_000), deadline=None)
    @given(mutated(COMMANDS[kind]))
    def agree(value: dict[str, Any]) -> None:
        fields = {name: inner for name, inner in value.items() if name != "kind"}
        by_converter, by_schema = _by_converter(kind, fields), _by_schema(kind, fields)
        assert type(by_converter) is type(by_schema)
        assert by_converter == by_schema
        if issubclass(COMMAND_OF_KIND[kind], SignedCommand):
            assert value.get("kind") != kind or "by" not in value or _by_line(value) is None
            value = {name: inner for name, inner in value.items() if name != "by"}
            by_schema = _by_schema(kind, fields | {"by": KEY.key_id})
        assert _by_line(value) == (by_schema if value.get("kind") == kind else None)

    agree()


@pytest.mark.parametrize("kind", sorted(COMMANDS))
def test_what_a_type_allows_is_accepted(kind: str) -> None:
    @settings(max_examples=examples(20, soak=500), deadline=None)
    @given(COMMANDS[kind])
    def accepted(value: dict[str, Any]) -> None:
        in_calendar = all("0001-" not in str(part) and "9999-" not in str(part) for part in value.values())
        if issubclass(COMMAND_OF_KIND[kind], SignedCommand):
            del value["by"]  # which the key says
        assert not in_calendar or _by_line(value) is not None

    accepted()


# ── The text before them ──────────────────────────────────────────────────────────────────────


def _read(raw: bytes) -> dict[str, Any] | str:
    """The object, or the reason for which it was refused."""
    try:
        return strict_json.loads(raw)
    except MalformedJson as refused:
        return refused.reason


@settings(max_examples=500, deadline=None)
@given(
    st.binary(max_size=60)
    | st.text(alphabet='{}[]":,\\ud8eE0123456789.-NaInfty \x00\ufeff"', max_size=60).map(str.encode)
)
def test_any_bytes_are_either_an_object_or_refused_with_a_reason(raw: bytes) -> None:
    value = _read(raw)
    assert value in strict_json.REASONS if isinstance(value, str) else value == json.loads(raw)


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.text(st.characters(codec="utf-8"), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), JSON_VALUES, max_size=4), st.booleans()
)
def test_every_shallow_object_reads_as_python_reads_it(value: dict[str, Any], ascii_only: bool) -> None:  # noqa: FBT001
    raw = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    assert _read(raw) in (value, "too_deep", "lone_surrogate", "not_utf8")
