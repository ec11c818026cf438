"""A statement's file tells by itself which of its lines was changed first."""

import io
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from ledger.documents.checking import Checked, check_json
from tests.unit.statement_samples import SAMPLES, USUAL, USUAL_LINES, written

File = dict[str, Any]


def checked(file: File) -> Checked:
    return check_json(io.BytesIO(json.dumps(file).encode()))


@pytest.fixture
def file() -> File:
    found: File = json.loads(written(USUAL, USUAL_LINES, "json"))
    return found


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_file_that_nobody_touched_is_right(sample: str) -> None:
    of, lines = SAMPLES[sample]
    found = check_json(io.BytesIO(written(of, lines, "json")))
    assert found.is_right
    assert (found.lines, found.lines_digest, found.digest) == (len(lines), of.lines_digest, of.digest)


@pytest.mark.parametrize("number", [1, 3, 8])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("position", 4_000),
        ("redemption_id", "other"),
        ("fee_fen", 7),
        ("face_value_fen", 7),
        ("kind", "refund"),
    ],
)
def test_the_first_line_that_was_changed_is_named(file: File, number: int, field: str, value: Any) -> None:
    file["lines"][number - 1][field] = value
    found = checked(file)
    assert found.wrong_line is not None
    assert (found.wrong_line.line, found.wrong_line.reason) == (
        number,
        "the digest of its day up to this line is another",
    )
    assert "lines_digest" in found.differing


def test_the_line_after_one_that_was_taken_out_is_named(file: File) -> None:
    del file["lines"][1]
    found = checked(file)
    assert found.wrong_line is not None
    assert found.wrong_line.redemption_id == USUAL_LINES[2].redemption_id
    assert {"uses", "total", "lines_digest", "digest"} <= set(found.differing)


def test_a_last_line_of_a_day_that_was_taken_out_shows_in_the_sums(file: File) -> None:
    del file["lines"][-1]
    found = checked(file)
    assert found.wrong_line is None
    assert {"amendments", "lines_digest"} <= set(found.differing)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"local_day": "2026-04-01"}, "its day is not in the period"),
        ({"recorded_at": "2026-03-09T00:00:00Z"}, "it was not recorded on its day"),
        ({"earned_fen": 1}, "what is earned is not its face value less its fee"),
    ],
)
def test_what_no_digest_covers_must_suit_the_line(file: File, change: File, reason: str) -> None:
    # The day's first line, so that another day gives the same digest.
    first_of_day = next(
        n for n in range(1, 8) if file["lines"][n]["local_day"] != file["lines"][n - 1]["local_day"]
    )
    file["lines"][first_of_day] |= change
    found = checked(file)
    assert found.wrong_line is not None
    assert (found.wrong_line.line, found.wrong_line.reason) == (first_of_day + 1, reason)


@pytest.mark.parametrize(
    "field", ["total_fen", "uses", "carried_in_fen", "carried_out_fen", "objection_days"]
)
def test_a_number_of_the_statement_that_was_changed_shows_in_its_digest(file: File, field: str) -> None:
    file["statement"][field] += 1
    found = checked(file)
    assert "digest" in found.differing
    assert found.wrong_line is None


def test_a_fund_that_was_changed_shows_in_the_digest(file: File) -> None:
    file["statement"]["funds"][0]["fund_id"] = "other"
    assert checked(file).differing == ("digest",)


def _without(name: str) -> Callable[[File], Any]:
    return lambda file: file["statement"].pop(name)


@pytest.mark.parametrize(
    "spoil",
    [
        _without("digest"),
        lambda file: file.pop("lines"),
        lambda file: file["lines"][0].pop("digest"),
        lambda file: file["lines"][0].update(fee_fen="1"),
        lambda file: file["statement"].update(time_zone="Mars/Olympus"),
        lambda file: file["lines"][0].update(recorded_at="0001-01-01T00:00:00Z"),
        lambda file: file["lines"][0].update(kind="gift"),
    ],
)
def test_what_is_no_statement_is_refused_or_told(file: File, spoil: Callable[[File], Any]) -> None:
    spoil(file)
    try:
        found = checked(file)
    except msgspec.MsgspecError:
        return
    assert not found.is_right


def test_a_file_cut_off_is_refused() -> None:
    whole = written(USUAL, USUAL_LINES, "json")
    for end in range(0, len(whole) - 1, 97):
        with pytest.raises(msgspec.MsgspecError):
            check_json(io.BytesIO(whole[:end]))
