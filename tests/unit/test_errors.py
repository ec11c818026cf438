"""The tree of errors: every leaf has a code, a message, a next step and one family."""

import dataclasses
import inspect
import json
import re
from datetime import UTC, date, datetime
from typing import get_type_hints

import pytest

from ledger.domain import errors
from ledger.domain.errors import AdjustmentZero, DecimalMalformed, LedgerError, LotOutOfBounds, ShuttingDown

FAMILIES = LedgerError.__subclasses__()
LEAVES = [leaf for family in FAMILIES for leaf in family.__subclasses__()]


def each(values: list[type[LedgerError]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("error", values, ids=lambda error: error.__name__)


def test_the_tree_in_the_docstring_names_every_family() -> None:
    drawn = re.findall(r"[├└]── (\w+) ", errors.__doc__ or "")
    assert sorted(drawn) == sorted(family.__name__ for family in FAMILIES)


def test_the_tree_in_the_docstring_says_what_each_family_says_of_itself() -> None:
    drawn = re.findall(r"[├└]── (\w+) +(.*?)(?: +\((\d+)\))?\n", errors.__doc__ or "")
    assert len(drawn) == len(FAMILIES)
    statuses = [status for _, _, status in drawn if status]
    assert len(set(statuses)) == len(statuses), "each family over HTTP has a status of its own"


def test_the_tree_has_three_levels() -> None:
    assert not [deeper for leaf in LEAVES for deeper in leaf.__subclasses__()]
    in_module = [
        value
        for value in vars(errors).values()
        if inspect.isclass(value) and issubclass(value, Exception) and value is not LedgerError
    ]
    assert set(in_module) == {*FAMILIES, *LEAVES}


@each(FAMILIES)
def test_a_family_has_leaves_and_no_code(error: type[LedgerError]) -> None:
    assert error.__subclasses__()
    assert (error.code, error.next_step) == ("", "")
    assert error.message().endswith(".")


@each(LEAVES)
def test_a_leaf_is_below_exactly_one_family(error: type[LedgerError]) -> None:
    assert len(error.__bases__) == 1
    assert [family for family in FAMILIES if issubclass(error, family)] == [error.__bases__[0]]


@each(LEAVES)
def test_a_leaf_has_a_code_in_snake_case(error: type[LedgerError]) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", vars(error)["code"])


def test_no_two_leaves_have_the_same_code_or_message() -> None:
    for told in ([leaf.code for leaf in LEAVES], [leaf.message() for leaf in LEAVES]):
        assert len(set(told)) == len(told)


@each(LEAVES)
def test_a_leaf_says_what_went_wrong_and_what_to_do_next(error: type[LedgerError]) -> None:
    assert vars(error).get("__doc__"), "a message of its own"
    for sentence in (error.message(), vars(error)["next_step"]):
        assert sentence.endswith(".")
        assert sentence[0].isupper()
        assert "\n" not in sentence
        assert "  " not in sentence


@each(LEAVES)
def test_the_details_of_a_leaf_are_typed_fields(error: type[LedgerError]) -> None:
    assert error.__dict__["__dataclass_fields__"] is not LedgerError.__dict__["__dataclass_fields__"]
    hints = get_type_hints(error)
    for field in dataclasses.fields(error):
        assert field.default is dataclasses.MISSING, "whoever raises it must say everything"
        assert "float" not in str(hints[field.name])
        assert field.name not in {"code", "next_step", "message", "details"}, "what every error has"


def test_an_error_can_be_told_to_programs_and_to_people() -> None:
    day = date(2026, 11, 22)
    error = LotOutOfBounds(field="lot", value=day, earliest=day, latest=day)
    assert error.details() == {"field": "lot", "value": day, "earliest": day, "latest": day}
    assert list(error.details()) == ["field", "value", "earliest", "latest"]
    assert str(AdjustmentZero(field="credits")) == (
        "adjustment_zero: An adjustment by nothing adjusts nothing. (field='credits')"
    )
    assert str(ShuttingDown()).endswith("nothing of this request was recorded.")
    assert json.dumps(error.details(), default=str)


def test_a_message_of_several_lines_is_told_as_one() -> None:
    assert DecimalMalformed.message() == (
        "A decimal is written as ASCII digits with at most one point, at most nine digits on either side "
        "of it, without sign, exponent or leading zero."
    )


def test_two_errors_with_the_same_details_are_two_errors() -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    first, second = (errors.HoldExpired(redemption_id="a", deadline_at=now) for _ in range(2))
    assert first != second, "an exception is not a value: it is caught, not compared"
    assert len({first, second}) == 2
