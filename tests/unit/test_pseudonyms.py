"""Names under a key: always the same, never in clear."""

import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from ledger.domain.methodology import Measured
from ledger.intake import Proposed
from ledger.intake.pseudonyms import KEY_BYTES_MIN, Pseudonyms, participant_of

KEY = b"k" * KEY_BYTES_MIN
VIN = "LSVAM4187C2184847"
AT = datetime(2024, 5, 5, 16, tzinfo=UTC)
DAY = Proposed("oem", f"{VIN}:2024-05-06", "vehicle", VIN, AT, AT, Measured(), (), None, 1)
NAMES = Pseudonyms(KEY)
NAME = NAMES.subject(DAY)


def test_a_vehicle_s_name_is_the_hmac_of_its_kind_and_id() -> None:
    assert hmac.new(KEY, f"vehicle:{VIN}".encode(), hashlib.sha256).hexdigest() == NAME
    assert participant_of(NAME) == f"p-{NAME[:32]}"


def test_letters_of_a_vin_count_as_capitals_and_those_of_other_ids_as_they_are() -> None:
    assert NAMES.subject(replace(DAY, subject=VIN.lower())) == NAME
    assert NAMES.subject(replace(DAY, subject="car-a")) != NAMES.subject(replace(DAY, subject="CAR-A"))


def test_a_person_and_a_vehicle_of_the_same_id_have_different_names_and_so_have_other_keys() -> None:
    assert NAMES.subject(replace(DAY, subject_kind="person")) != NAME
    assert Pseudonyms(KEY + b"!").subject(DAY) != NAME
    assert Pseudonyms(KEY + b"!").fingerprint != NAMES.fingerprint


@pytest.mark.parametrize("key", [b"", KEY[1:]])
def test_a_short_key_is_none(key: bytes) -> None:
    with pytest.raises(ValueError, match="at least 32 bytes"):
        Pseudonyms(key)


@pytest.mark.parametrize(
    ("own_id", "expected"),
    [
        (f"{VIN}:2024-05-06", f"{NAME[:32]}:2024-05-06"),
        (f"day-{VIN}-20240506", f"day-{NAME[:32]}-20240506"),
        ("r-1", "r-1"),
    ],
)
def test_an_id_that_says_whose_it_is_has_the_name_in_its_place(own_id: str, expected: str) -> None:
    assert NAMES.own_id(replace(DAY, source_id=own_id), NAME) == expected


@pytest.mark.parametrize("own_id", [f"{VIN.lower()}-1", f"{VIN}-{VIN}", f"1-{VIN[:8]}{VIN[8:].lower()}"])
def test_an_id_that_says_it_otherwise_is_a_name_as_a_whole(own_id: str) -> None:
    found = NAMES.own_id(replace(DAY, source_id=own_id), NAME)
    assert found.startswith("id-")
    assert VIN.casefold() not in found.casefold()


def test_a_short_id_of_a_person_that_stands_in_others_by_chance_makes_no_long_ones() -> None:
    person = replace(DAY, subject_kind="person", subject="2", source_id="2022-02-22:2")
    assert len(NAMES.own_id(person, NAME)) <= 96


def test_a_number_plate_may_be_a_vehicle_s_id() -> None:
    plate = replace(DAY, subject="京A12345", source_id="京A12345:2024-05-06")
    name = NAMES.subject(plate)
    assert NAMES.own_id(plate, name) == f"{name[:32]}:2024-05-06"


def test_stations_are_nobody_and_stand_as_they_are() -> None:
    station = replace(DAY, subject_kind="station", subject="CA-1", source_id="CA-1-7")
    assert NAMES.own_id(station, NAMES.subject(station)) == "CA-1-7"
