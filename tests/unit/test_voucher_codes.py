"""Codes of vouchers: one for each, the same every time, and no wrong one taken for it."""

import pytest

from ledger.voucher_codes import (
    ALPHABET,
    CODE_CHARS,
    code_with,
    digest_of,
    make_code,
    qr_payload,
    read_code,
)

KEY, OTHER = "5f" * 32, "a0" * 32
CODE = make_code(KEY, "town", "r-1")


def test_a_code_is_what_it_was_on_every_machine() -> None:
    assert CODE == "Q7NJV-BQXE1-7WY6N-ZW2CD"
    assert digest_of(KEY, "town", CODE) == "643e0c921f65752b0b234ae61b4ff1dc"


def test_each_key_programme_and_redemption_has_another_code() -> None:
    codes = {
        make_code(key, at, own_id)
        for key in (KEY, OTHER)
        for at in ("town", "city")
        for own_id in ("r-1", "r-2")
    }
    assert len(codes) == 8
    assert len({digest_of(key, at, CODE) for key in (KEY, OTHER) for at in ("town", "city")}) == 4


def test_names_that_run_together_make_other_codes() -> None:
    assert make_code(KEY, "a", "b-c") != make_code(KEY, "a-b", "c")


@pytest.mark.parametrize(
    "text",
    [
        CODE.lower(),
        CODE.replace("-", ""),
        CODE.replace("-", " "),
        f"  {CODE}\n",
        f"CLV1:town:{CODE}",
        CODE.replace("0", "o").replace("1", "l"),
        CODE.replace("0", "O").replace("1", "I"),
    ],
)
def test_a_code_is_read_as_people_write_it(text: str) -> None:
    assert read_code(text, "town") == CODE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-" * 20,
        CODE[:-1],
        f"{CODE}0",
        CODE.replace(CODE[0], "U", 1),
        f"CLV1:city:{CODE}",
        f"CLV2:town:{CODE}",
        f"CLV1:{CODE}",
        "０" * 20,
        "é" * 20,
    ],
)
def test_what_can_be_no_code_is_none(text: str) -> None:
    assert read_code(text, "town") is None


def test_two_neighbours_that_change_places_are_noticed() -> None:
    bare = CODE.replace("-", "")
    for at in range(CODE_CHARS - 2):
        if bare[at] != bare[at + 1]:
            swapped = bare[:at] + bare[at + 1] + bare[at] + bare[at + 2 :]
            assert read_code(swapped, "town") is None


def test_a_code_has_95_bits_and_no_character_that_looks_like_another() -> None:
    assert (CODE_CHARS - 1) * 5 == 95
    assert len(ALPHABET) == 32
    assert not set("ILOU") & set(ALPHABET)


def test_a_code_is_known_by_the_key_that_made_it() -> None:
    digest = digest_of(OTHER, "town", make_code(OTHER, "town", "r-1"))
    assert code_with((KEY, OTHER), "town", "r-1", digest) == make_code(OTHER, "town", "r-1")
    assert code_with((KEY,), "town", "r-1", digest) is None


def test_a_qr_code_says_whose_it_is() -> None:
    assert qr_payload("town", CODE) == f"CLV1:town:{CODE}"
