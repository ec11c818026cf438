"""The one way of writing JSON, at its limits and one past them."""

import time

import pytest

from api import strict_json
from ledger.domain.errors import MalformedJson
from ledger.domain.limits import BODY_BYTES_MAX, JSON_DEPTH_MAX, NUMBER_DIGITS_MAX


def _reason(raw: bytes) -> str:
    with pytest.raises(MalformedJson) as refused:
        strict_json.loads(raw)
    assert refused.value.explanation == strict_json.REASONS[refused.value.reason]
    return refused.value.reason


def _nested(levels: int) -> bytes:
    return b'{"a":' * levels + b"1" + b"}" * levels


def test_objects_nest_up_to_the_limit() -> None:
    assert strict_json.loads(_nested(JSON_DEPTH_MAX))
    assert _reason(_nested(JSON_DEPTH_MAX + 1)) == "too_deep"


def test_brackets_inside_texts_do_not_count() -> None:
    assert strict_json.loads(b'{"a":"' + b'[{\\"' * 100 + b'"}')


@pytest.mark.parametrize("sign", [b"", b"-"])
def test_numbers_have_digits_up_to_the_limit(sign: bytes) -> None:
    assert strict_json.loads(b'{"a":' + sign + b"9" * NUMBER_DIGITS_MAX + b"}")
    assert _reason(b'{"a":' + sign + b"9" * (NUMBER_DIGITS_MAX + 1) + b"}") == "number_too_long"


@pytest.mark.parametrize("text", ["\\ud83d\\ude00", "\\ud7ff", "\\ue000", "\\\\ud800", "\U0001f600"])
def test_whole_characters_are_read_however_they_are_written(text: str) -> None:
    assert strict_json.loads(f'{{"a":"{text}"}}'.encode())


@pytest.mark.parametrize(
    "unit", [b'"\\"', b"[", b"{", b'{"', b"\\", b'"', b'\\"', b'["', b"9", b'{"a":[', b"\\ud800", b'{"\\']
)
def test_no_text_of_the_allowed_length_takes_long_to_refuse(unit: bytes) -> None:
    for raw in (unit * (BODY_BYTES_MAX // len(unit)), b'{"a":"' + unit * ((BODY_BYTES_MAX - 6) // len(unit))):
        before = time.process_time()
        _reason(raw)
        assert time.process_time() - before < 0.5
