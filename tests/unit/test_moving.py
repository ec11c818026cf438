"""Places in streams looked at part by part; kinds of accounts; the release."""

import tomllib
from pathlib import Path

import pytest

from ledger import RELEASE
from ledger.moving import streams as streams_module
from ledger.moving.streams import PARTS, Misplaced, Streams
from ledger.moving.tally import kind_of

ONE, OTHER = bytes(16), bytes([PARTS - 1]) * 16


@pytest.fixture(params=[1, 1 << 16])
def streams(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Streams:
    """Places that are kept in files at once, or in memory."""
    monkeypatch.setattr(streams_module, "_BUFFERED_BYTES", request.param)
    return Streams()


def test_places_that_follow_one_another_are_in_order(streams: Streams) -> None:
    with streams:
        for position, (stream, place) in enumerate([(ONE, 1), (OTHER, 1), (ONE, 2), (ONE, 3)], start=1):
            streams.add(stream, place, position)
        assert streams.misplaced() is None


@pytest.mark.parametrize(
    ("places", "misplaced"),
    [
        ([(ONE, 2)], Misplaced(1, 1, 2)),
        ([(ONE, 1), (OTHER, 1), (OTHER, 1)], Misplaced(3, 2, 1)),
        ([(ONE, 1), (ONE, 3), (ONE, 2)], Misplaced(2, 2, 3)),
        ([(OTHER, 2), (ONE, 2)], Misplaced(1, 1, 2)),
    ],
)
def test_the_first_event_that_is_not_next_in_its_stream_is_named(
    streams: Streams, places: list[tuple[bytes, int]], misplaced: Misplaced
) -> None:
    with streams:
        for position, (stream, place) in enumerate(places, start=1):
            streams.add(stream, place, position)
        assert streams.misplaced() == misplaced


@pytest.mark.parametrize(
    ("account", "kind"),
    [
        ("nature", "nature"),
        ("participant:ann", "participant"),
        ("participant:ann:held", "participant:held"),
        ("sponsor:council:external", "sponsor:external"),
    ],
)
def test_the_kind_of_an_account_is_its_address_without_the_id(account: str, kind: str) -> None:
    assert kind_of(account) == kind


def test_the_release_is_that_of_the_package() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert project["project"]["version"] == RELEASE
