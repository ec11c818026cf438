"""Every refusal has its page and its status; every route stands in the document with its roles."""

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from api.access import access_of
from api.app import create_app
from api.bulk import COMMAND_OF_KIND
from api.problems import STATUS_OF_FAMILY
from api.strict_json import REASONS
from ledger.bootstrap import Ledger
from ledger.domain import limits
from ledger.domain.errors import LedgerError
from ledger.keys import ROLES

DOCS = Path(__file__).parents[2] / "docs"


def _leaves(family: type[LedgerError]) -> Iterator[type[LedgerError]]:
    for inner in family.__subclasses__():
        if inner.code:
            yield inner
        else:
            yield from _leaves(inner)


LEAVES = list(_leaves(LedgerError))
ERRORS = (DOCS / "errors.md").read_text(encoding="utf-8")
HTTP = (DOCS / "http.md").read_text(encoding="utf-8")


def _sections() -> dict[str, str]:
    """The text of each family by its heading."""
    _, *parts = re.split(r"(?m)^## (\w+: \d+)$", ERRORS)
    return dict(zip(parts[::2], parts[1::2], strict=True))


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.code)
def test_a_code_stands_under_its_family_with_its_message_details_and_next_step(
    leaf: type[LedgerError],
) -> None:
    family, status = next(one for one in STATUS_OF_FAMILY.items() if issubclass(leaf, one[0]))
    details = ", ".join(f"`{field.name}`" for field in dataclasses.fields(leaf)) or "–"
    row = f"| `{leaf.code}` | {leaf.message()} | {details} | {leaf.next_step} |\n"
    assert row in _sections()[f"{family.__name__}: {status.value}"]


def test_no_code_is_documented_that_is_not_there_and_none_is_used_twice() -> None:
    documented = re.findall(r"(?m)^\| `([a-z_]+)` \|.*\|.*\|.*\|$", ERRORS)
    assert sorted(documented) == sorted(leaf.code for leaf in LEAVES)


def test_every_family_has_a_status() -> None:
    assert set(STATUS_OF_FAMILY) == set(LedgerError.__subclasses__())


def test_every_leaf_says_what_happened_and_what_to_do() -> None:
    for leaf in LEAVES:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", leaf.code)
        assert leaf.message().endswith("."), leaf
        assert leaf.next_step.endswith("."), leaf


def test_every_reason_of_malformed_json_is_documented_in_order() -> None:
    rows = "".join(f"| `{reason}` | {meaning} |\n" for reason, meaning in REASONS.items())
    assert rows in ERRORS


def test_every_kind_of_command_has_its_order_of_refusals() -> None:
    kinds = {
        kind
        for row in re.findall(r"(?m)^\| (`[a-z]+\..*?) \|", ERRORS)
        for kind in re.findall("`(.*?)`", row)
    }
    assert kinds == set(COMMAND_OF_KIND) | {"programme.open", "expiry.run", "lapse.run"}


def test_every_route_is_documented_with_its_roles() -> None:
    app = create_app(cast("Ledger", None))
    for rule in app.url_map.iter_rules():
        access = access_of(app.view_functions[rule.endpoint])
        assert access is not None
        (method,) = (rule.methods or set()) - {"HEAD"}
        address = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        roles = "all" if access.roles == ROLES else ", ".join(access.roles)
        roles += ", with a key for all programmes" if access.every_programme else ""
        if rule.rule.startswith("/v1"):
            assert f"| {method} | `{address}` | {roles} |\n" in HTTP
    assert len(re.findall(r"(?m)^\| (?:GET|POST) \|", HTTP)) == sum(
        rule.rule.startswith("/v1") for rule in app.url_map.iter_rules()
    )


@pytest.mark.parametrize(
    "limit",
    [
        f"{limits.BODY_BYTES_MAX:,} bytes",
        f"{limits.BULK_LINE_BYTES_MAX:,} bytes",
        f"{limits.BULK_BODY_BYTES_MAX:,} bytes",
        f"| a request with a template | {limits.TEMPLATE_BYTES_MAX:,} bytes |",
        f"| campaigns, and scenarios, of a shadow run | {limits.SHADOW_RULES_MAX} |",
        f"| events that a shadow run goes over | {limits.SHADOW_EVENTS_MAX:,} |",
        f"{limits.JSON_DEPTH_MAX} levels",
        f"within {limits.KEY_CACHED_S_MAX} seconds",
        f"more than {limits.NUMBER_DIGITS_MAX} digits",
        f"1 to {limits.STATEMENT_ENTRIES_MAX:,}, by default",
        f"at most {limits.STATEMENT_SCANNED_MAX:,} entries",
        f"more than {limits.LOTS_ENTRIES_MAX:,} entries",
        f"on a page of all | {limits.SETTLEMENT_LINES_MAX:,} |",
        f"at most {limits.SETTLEMENT_MERCHANTS_MAX:,} on a page",
        f"| rows of a series | {limits.SERIES_PERIODS_MAX} |",
        f"1 to {limits.BURN_DAYS_MAX}, by default",
        f"at most {limits.RECONCILIATION_FILE_BYTES_MAX:,} bytes",
        f"at most {limits.RECONCILIATION_PAGE_MAX:,} on a page (`limit`, by default 100)",
    ],
)
def test_the_document_names_the_limits_as_they_are(limit: str) -> None:
    assert limit in HTTP
