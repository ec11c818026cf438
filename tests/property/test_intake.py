"""Tables of any content: no line is lost, numbers are exact, and what is told names no vehicle."""

import string
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.intake import REASONS, Proposed, read_charging, read_daily, read_steps, read_trips
from ledger.intake.numbers import decimal_text, km_text, metres_of_km

UTC = ZoneInfo("UTC")
HEADER = (
    b"vin,day,odometer_begin_km,odometer_end_km,id,steps,trip_id,session_id,"
    b"begins_at,ends_at,energy_kwh,distance_km"
)
LINES = st.one_of(
    st.binary(max_size=80),
    st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.lists(st.text(string.digits + '-:T."', max_size=12), min_size=10, max_size=13).map(
        lambda values: ",".join(values).encode()
    ),
    st.dictionaries(
        st.sampled_from([name.decode() for name in HEADER.split(b",")]),
        st.one_of(st.text(max_size=8), st.integers(), st.floats(allow_nan=False), st.booleans(), st.none()),
    ).map(msgspec.json.encode),
).map(lambda line: line.replace(b"\n", b""))


@pytest.mark.parametrize("read", [read_daily, read_charging, read_trips, read_steps])
@given(st.lists(LINES, max_size=6))
def test_every_line_that_is_not_empty_has_one_outcome_in_its_place(read: Any, lines: list[bytes]) -> None:
    for form, header in (("csv", HEADER.replace(b"vin", b"vin,person_id")), ("ndjson", b"{}")):
        whole = [line + b"\n" for line in (header, *lines)]
        found = list(read(whole, source="any", zone=UTC, form=form))
        numbers = [one.line for one in found]
        assert numbers == sorted(set(numbers))
        silent = set(range(1, len(whole) + 1)) - set(numbers)
        headers = {1} if form == "csv" else set()
        assert all(not whole[number - 1].decode("utf-8", "replace").strip() for number in silent - headers)
        assert all(isinstance(one, Proposed) or one.reason in REASONS for one in found)


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_distances_are_the_exact_differences_of_odometers(begin_m: int, driven_m: int) -> None:
    end_m = begin_m + driven_m
    begin, end = (str(Decimal(metres).scaleb(-3)) for metres in (begin_m, end_m))
    if "E" in begin or "E" in end:
        return
    assert (metres_of_km(begin), metres_of_km(end)) == (begin_m, end_m)
    assert Decimal(km_text(driven_m)) * 1_000 == driven_m


@given(st.decimals(0, 10**8, places=12))
def test_decimals_are_kept_to_the_ninth_digit_and_never_become_more(value: Decimal) -> None:
    text = f"{value:f}"
    kept = decimal_text(text)
    assert kept is not None
    assert 0 <= value - Decimal(kept) < Decimal("0.000000001")


@given(st.text(max_size=12))
def test_a_text_is_a_number_only_if_it_is_plain_ascii_digits(text: str) -> None:
    for value in (decimal_text(text), metres_of_km(text)):
        if value is not None:
            assert set(text) <= set(string.digits + ".")
            Decimal(text)
