"""Ledger files that were cut, altered or forged: which code says so, and that nothing gets by."""

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZIP_BZIP2, ZIP_STORED, ZipFile

import msgspec
import pytest

from ledger.domain.errors import (
    LedgerError,
    LedgerFileAltered,
    LedgerFileNewerThanCode,
    LedgerFileUnreadable,
    LogUnsound,
)
from ledger.domain.limits import LEDGER_FILE_LINE_BYTES_MAX, LEDGER_FILE_MANIFEST_BYTES_MAX
from ledger.moving import check_file, export_ledger
from ledger.moving.file import EVENTS, MANIFEST
from ledger.store.database import Database
from tests.integration.ledger_files import Events, digest_of, forged, parts, put_together
from tests.integration.told import PROGRAMME

FLIPS = 150


@pytest.fixture
def file(proving: Database, tmp_path: Path) -> Path:
    """The story's programme in a file."""
    path = tmp_path / "story.ledger"
    export_ledger(proving, PROGRAMME, path)
    return path


def test_a_file_that_was_cut_anywhere_is_not_whole(file: Path, tmp_path: Path) -> None:
    content, cut = file.read_bytes(), tmp_path / "cut"
    for share in range(20):
        cut.write_bytes(content[: len(content) * share // 20])
        with pytest.raises(LedgerFileUnreadable):
            check_file(cut)
    cut.write_bytes(content[:-1])
    with pytest.raises(LedgerFileUnreadable):
        check_file(cut)


def test_a_byte_that_was_altered_anywhere_is_noticed_unless_it_says_nothing(
    file: Path, tmp_path: Path
) -> None:
    content, altered, manifest = file.read_bytes(), tmp_path / "altered", check_file(file)
    codes: Counter[str] = Counter()
    chance = random.Random(20_261_122)
    for place in chance.sample(range(len(content)), FLIPS):
        flipped = content[place] ^ (1 << chance.randrange(8))
        altered.write_bytes(content[:place] + bytes([flipped]) + content[place + 1 :])
        try:
            found = check_file(altered)
        except LedgerError as refusal:
            codes[refusal.code] += 1
        else:
            # A date or a right in the archive's own directory, which nobody reads.
            assert found == manifest
    assert codes.keys() <= {"ledger_file_unreadable", "ledger_file_altered"}
    assert codes.total() > FLIPS * 0.8


def _without_an_event(events: Events) -> None:
    del events[next(place for place, event in enumerate(events) if event["topic"] == "reduction.recorded")]
    _renumber(events)


def _swapped(events: Events) -> None:
    """Put the use of a redemption before its hold."""
    places = {event["topic"]: place for place, event in reversed(list(enumerate(events)))}
    held, used = places["redemption.held"], places["redemption.fulfilled"]
    events[held], events[used] = events[used], events[held]
    for place in (held, used):
        events[place]["position"] = place + 1


def _with_other_money(events: Events) -> None:
    committed = next(event["data"] for event in events if event["topic"] == "fund.committed")
    committed["legs"][0][3] += 1


def _recorded_before(events: Events) -> None:
    events[4]["data"]["recorded_at"] = "2020-01-01T00:00:00Z"


def _without_beginning(events: Events) -> None:
    del events[0]
    _renumber(events)


def _renumber(events: Events) -> None:
    for position, event in enumerate(events, start=1):
        event["position"] = position


def _empty(events: Events) -> None:
    events.clear()


def _given_away_unearned(events: Events) -> None:
    """Have a participant give more than they have, with legs that agree."""
    given = next(event["data"] for event in events if event["topic"] == "credits.transferred")
    for leg in given["legs"]:
        leg[3] *= 1_000_000


FORGERIES: dict[str, tuple[Callable[[Events], object], str]] = {
    "an event is left out": (_without_an_event, "version_differs"),
    "events are swapped": (_swapped, "below_zero"),
    "a position is left out": (lambda events: events.pop(7), "position_missing"),
    "a position comes twice": (lambda events: events[8].update(position=8), "position_missing"),
    "a place in a stream is left out": (
        lambda events: events[8].update(originator_version=2),
        "version_differs",
    ),
    "an event comes twice": (
        lambda events: events.append({**events[-1], "position": len(events) + 1}),
        "version_differs",
    ),
    "an event has lost a field": (lambda events: events[8]["data"].pop("recorded_at"), "event_unreadable"),
    "legs do not agree": (_with_other_money, "legs_unbalanced"),
    "an account falls below zero": (_given_away_unearned, "below_zero"),
    "an event was recorded before the one before it": (_recorded_before, "recorded_earlier"),
    "the beginning is left out": (_without_beginning, "event_unexpected"),
    "it opens another programme": (lambda events: events[0]["data"].update(id="other"), "event_unexpected"),
    "there is nothing": (_empty, "position_missing"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_log_is_unsound(file: Path, tmp_path: Path, name: str) -> None:
    change, finding = FORGERIES[name]
    with pytest.raises(LogUnsound) as unsound:
        check_file(forged(file, tmp_path / "forged", change))
    assert unsound.value.finding == finding
    assert unsound.value.programme_id == PROGRAMME


@pytest.mark.parametrize("name", [name for name in FORGERIES if name != "a position comes twice"])
def test_an_altered_log_is_called_altered_before_anything_else(file: Path, tmp_path: Path, name: str) -> None:
    events, manifest = parts(file)
    FORGERIES[name][0](events)
    with pytest.raises(LedgerFileAltered) as altered:
        check_file(put_together(tmp_path / "altered", events, manifest))
    assert altered.value.differs in {"events", "events_sha256", "position"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("position", 36),
        ("recorded_at", "2026-01-01T00:00:00Z"),
        ("events", 36),
        ("topics", {}),
        ("sums", []),
        ("events_sha256", "0" * 64),
    ],
)
def test_a_manifest_that_tells_of_other_events_is_refused(
    file: Path, tmp_path: Path, name: str, value: Any
) -> None:
    events, manifest = parts(file)
    manifest[name] = value
    with pytest.raises(LedgerFileAltered) as altered:
        check_file(put_together(tmp_path / "altered", events, manifest))
    assert altered.value.differs == name


def test_a_manifest_of_another_programme_is_refused(file: Path, tmp_path: Path) -> None:
    events, manifest = parts(file)
    path = put_together(tmp_path / "altered", events, {**manifest, "programme_id": "other"})
    with pytest.raises(LedgerFileAltered):
        check_file(path)
    digest = digest_of("other", events)
    path = put_together(
        tmp_path / "altered", events, {**manifest, "programme_id": "other", "events_sha256": digest}
    )
    with pytest.raises(LogUnsound):
        check_file(path)


def test_a_manifest_may_say_more_and_a_file_of_a_later_form_is_for_a_later_release(
    file: Path, tmp_path: Path
) -> None:
    events, manifest = parts(file)
    check_file(put_together(tmp_path / "more", events, {**manifest, "mood": "sunny"}))
    path = put_together(
        tmp_path / "later", events, {"format": manifest["format"], "version": 2, "all": "new"}
    )
    with pytest.raises(LedgerFileNewerThanCode) as newer:
        check_file(path)
    assert (newer.value.version_known, newer.value.version_found) == (1, 2)


def test_a_file_that_was_packed_again_by_other_tools_is_as_good(file: Path, tmp_path: Path) -> None:
    with ZipFile(file) as archive, ZipFile(tmp_path / "again", "w", ZIP_STORED) as other:
        for name in (MANIFEST, EVENTS):
            other.writestr(name, archive.read(name))
    assert check_file(tmp_path / "again") == check_file(file)


@pytest.mark.parametrize(
    "members",
    [
        {},
        {MANIFEST: b"{}"},
        {MANIFEST: b"{}", EVENTS: b"", "more": b""},
        {MANIFEST: b"", EVENTS: b""},
        {MANIFEST: b'{"format":"another","version":1}', EVENTS: b""},
    ],
)
def test_an_archive_of_something_else_is_no_ledger_file(tmp_path: Path, members: dict[str, bytes]) -> None:
    with ZipFile(tmp_path / "other", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(LedgerFileUnreadable):
        check_file(tmp_path / "other")


def test_a_file_that_is_compressed_in_another_way_is_refused(file: Path, tmp_path: Path) -> None:
    with ZipFile(file) as archive, ZipFile(tmp_path / "other", "w", ZIP_BZIP2) as other:
        for name in (MANIFEST, EVENTS):
            other.writestr(name, archive.read(name))
    with pytest.raises(LedgerFileUnreadable):
        check_file(tmp_path / "other")


@pytest.mark.parametrize("content", [b"", b"no archive", b"\0" * 100_000])
def test_something_else_is_no_ledger_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other").write_bytes(content)
    with pytest.raises(LedgerFileUnreadable):
        check_file(tmp_path / "other")


@pytest.mark.parametrize("line", [b"{}", b"[1]", b"nonsense", b'{"position":0}', b"\xff", b""])
def test_a_line_that_is_no_event_is_unreadable(file: Path, tmp_path: Path, line: bytes) -> None:
    with ZipFile(file) as archive, ZipFile(tmp_path / "other", "w") as other:
        other.writestr(EVENTS, line + b"\n" + archive.read(EVENTS))
        other.writestr(MANIFEST, archive.read(MANIFEST))
    with pytest.raises(LedgerFileUnreadable):
        check_file(tmp_path / "other")


@pytest.mark.parametrize("over", [0, 1])
def test_a_line_is_as_long_as_its_bound_and_no_longer(file: Path, tmp_path: Path, over: int) -> None:
    events, manifest = parts(file)
    events[0]["data"]["later"] = ""
    length = len(msgspec.json.encode(events[0])) + 1
    events[0]["data"]["later"] = "x" * (LEDGER_FILE_LINE_BYTES_MAX - length + over)
    manifest["events_sha256"] = digest_of(PROGRAMME, events)
    path = put_together(tmp_path / "long", events, manifest)
    if over:
        with pytest.raises(LedgerFileUnreadable):
            check_file(path)
    else:
        check_file(path)


@pytest.mark.parametrize("over", [0, 1])
def test_a_manifest_is_as_long_as_its_bound_and_no_longer(file: Path, tmp_path: Path, over: int) -> None:
    with ZipFile(file) as archive, ZipFile(tmp_path / "long", "w") as other:
        other.writestr(EVENTS, archive.read(EVENTS))
        other.writestr(MANIFEST, archive.read(MANIFEST).ljust(LEDGER_FILE_MANIFEST_BYTES_MAX + over))
    if over:
        with pytest.raises(LedgerFileUnreadable):
            check_file(tmp_path / "long")
    else:
        check_file(tmp_path / "long")
