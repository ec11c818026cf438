"""What may stand in an id or a name, and the stream ids made of them."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from ledger.domain import limits
from ledger.domain.identifiers import CommandId, EntityId, Holder, Name, ProgrammeId, Text, stream_id


def accepts(kind: Any, text: Any) -> bool:
    try:
        return bool(msgspec.convert(text, kind) == text)
    except msgspec.ValidationError:
        return False


@pytest.mark.parametrize(
    ("kind", "character", "chars_min", "chars_max"),
    [
        (ProgrammeId, "a", 2, limits.PROGRAMME_ID_CHARS_MAX),
        (EntityId, "a", 1, limits.ENTITY_ID_CHARS_MAX),
        (CommandId, "a", 1, limits.COMMAND_ID_CHARS_MAX),
        (Name, "名", 1, limits.NAME_CHARS_MAX),
        (Name, "😀", 1, limits.NAME_CHARS_MAX),
        (Text, "字", 1, limits.TEXT_CHARS_MAX),
    ],
)
def test_a_text_is_taken_at_its_bounds_and_refused_one_past_them(
    kind: Any, character: str, chars_min: int, chars_max: int
) -> None:
    assert accepts(kind, character * chars_min)
    assert accepts(kind, character * chars_max)
    assert not accepts(kind, character * (chars_min - 1))
    assert not accepts(kind, character * (chars_max + 1))


def test_the_id_of_a_holder_is_as_long_as_any_entitys() -> None:
    longest = "a" * limits.ENTITY_ID_CHARS_MAX
    for kind in ("participant", "org", "merchant"):
        assert accepts(Holder, f"{kind}:{longest}")
        assert not accepts(Holder, f"{kind}:{longest}a")


@pytest.mark.parametrize("text", ["green-city", "a1", "a-", "city2026"])
def test_a_programmes_id_is_lower_case_and_begins_with_a_letter(text: str) -> None:
    assert accepts(ProgrammeId, text)


@pytest.mark.parametrize(
    "text", ["Green", "1city", "-city", "green_city", "green city", "绿色", "green-city\n", "a.b"]
)
def test_anything_else_is_no_programmes_id(text: str) -> None:
    assert not accepts(ProgrammeId, text)


@pytest.mark.parametrize("text", ["a", "7", "P-7.x_y", "0198c2f4-7a2e-7c11-8d7e-3f0a5b6c7d8e"])
def test_an_entitys_id_is_letters_digits_and_three_marks(text: str) -> None:
    assert accepts(EntityId, text)


@pytest.mark.parametrize("text", ["-a", ".a", "_a", "a:b", "a b", "a/b", "é", "a\n", "\x00", "ａ"])
def test_anything_else_is_no_entitys_id(text: str) -> None:
    assert not accepts(EntityId, text)


@pytest.mark.parametrize("text", ["a", "!", "trip 7 / 2026", "{a:b}", 'say "so"', "~" * 96])
def test_a_commands_id_is_any_printable_ascii(text: str) -> None:
    assert accepts(CommandId, text)


@pytest.mark.parametrize("text", [" a", "a ", " ", "a\n", "a\tb", "行程", "é", "\x7f", "a\x00"])
def test_a_commands_id_has_no_blank_at_its_ends_and_nothing_unprintable(text: str) -> None:
    assert not accepts(CommandId, text)


@pytest.mark.parametrize("text", ["participant:a", "org:a.b", "merchant:A-1"])
def test_a_holder_is_a_participant_an_organisation_or_a_merchant(text: str) -> None:
    assert accepts(Holder, text)


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "participant:",
        "participant:a:held",
        "fund:a",
        "Participant:a",
        "participant:a\n",
        " participant:a",
        "issuance",
        "sponsor:a:external",
    ],
)
def test_sub_accounts_funds_and_counter_accounts_are_no_holders(text: str) -> None:
    assert not accepts(Holder, text)


@pytest.mark.parametrize("text", ["王芳", "Café", "a b", "שלום", "👩‍👧"])
def test_a_name_is_one_line_in_any_script(text: str) -> None:
    assert accepts(Name, text)
    assert accepts(Text, text)


@pytest.mark.parametrize("text", ["a\nb", "a\n", "\t", "a\x00", "\x1f", "\x7f", "\ud800", "a\udfffb"])
def test_a_name_holds_no_control_character_and_nothing_that_is_no_character(text: str) -> None:
    assert not accepts(Name, text)
    assert not accepts(Text, text)


@pytest.mark.parametrize("kind", [ProgrammeId, EntityId, CommandId, Holder, Name, Text])
@pytest.mark.parametrize("value", [None, 7, True, ["a"], b"a"])
def test_an_id_or_name_is_a_text(kind: Any, value: Any) -> None:
    assert not accepts(kind, value)


# ── Streams ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("programme_id", "kind", "own_id", "stream"),
    [
        ("green-city", "participant", "ada", "00bf915c-208f-8414-8739-90f0229c059b"),
        ("green-city", "activity", "bus-card:trip-1", "6d19569b-975f-8a81-8cfe-a48d02db8222"),
        ("green-city", "redemption", "coffee-1", "0beb14be-462b-83c3-b4b0-3d8811980538"),
        ("绿", "类", "行程", "1e755068-074b-88fb-8eac-afe0e16c1ffe"),
    ],
)
def test_a_stream_has_the_same_id_for_ever(programme_id: str, kind: str, own_id: str, stream: str) -> None:
    assert str(UUID(bytes=stream_id(programme_id, kind, own_id))) == stream


def test_a_stream_id_is_a_uuid_of_version_8() -> None:
    for number in range(200):
        stream = UUID(bytes=stream_id("green-city", "activity", str(number)))
        assert stream.version == 8
        assert stream.variant == "specified in RFC 4122"


def test_another_programme_kind_or_id_is_another_stream() -> None:
    streams = {
        stream_id(programme_id, kind, own_id)
        for programme_id in ("green-city", "blue-city")
        for kind in ("participant", "organisation", "merchant", "fund", "transfer", "adjustment")
        for own_id in ("ada", "bo", "Ada")
    }
    assert len(streams) == 2 * 6 * 3
