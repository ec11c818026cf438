"""The OpenAPI document tells the truth: requests made from it are answered as it says."""

from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from typing import Any, cast

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.app import create_app
from ledger.bootstrap import Ledger
from tests.e2e.cafe import Cafe
from tests.e2e.drives import Drives
from tests.e2e.month import Month
from tests.e2e.town import NDJSON, OCCURRED, Town


def no_fault(context: Any, response: Any, case: Any) -> bool | None:
    """Whether the ledger made no mistake; a view that lags is none."""
    return (
        None
        if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE
        else not_a_server_error(context, response, case)
    )


CHECKS: list[Any] = [
    no_fault,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]

THERE = {
    "account": "participant:ann",
    "donation_id": "d-1",
    "fund_id": "green",
    "merchant_id": "tea",
    "methodology_id": "bus",
    "offer_id": "cup",
    "organisation_id": "acme",
    "participant_id": "ann",
    "project_id": "forest",
    "redemption_id": "r-1",
    "scenario_id": "bus-ride",
    "source": "bus-company",
    "store_id": "east",
    "version": 1,
    "webhook_id": "shop",
}
"""What a town has."""


@schemathesis.serializer(NDJSON)
def lines(_context: Any, value: Any) -> bytes:
    """Send whatever was made up as it is: to the document a bulk body is text."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


# The document needs no ledger, and pytest wants to know its operations before there is one.
@cache
def _operations(app: Flask) -> dict[str, Any]:
    """The operations of the application's own document, by method and address."""
    listed: list[Any] = list(schemathesis.openapi.from_wsgi("/openapi.json", app).get_all_operations())
    return {one.ok().label: one.ok() for one in listed}


def a_statement(town: Town) -> dict[str, str]:
    """Close a day of the tea house with a use in it, and pay it: what can be named then."""
    month = Month(town.ledger, town.programme_id, beside=town, at=datetime.now(UTC))
    month.use("s-1")
    month.clock.wait(days=1)
    statement_id = month.closed()
    month.expect(month.dispute(statement_id, "s-1"))
    month.expect(month.resolve(statement_id, "s-1"))
    month.expect(month.approve(statement_id))
    month.expect(month.pay(statement_id))
    month.follow()
    return {"statement_id": statement_id, "payout_id": "p-1"}


LABELS = sorted(_operations(create_app(cast("Ledger", None))))


@pytest.mark.parametrize("label", LABELS)
def test_answers_are_as_the_document_says(town: Town, label: str) -> None:
    assert town.earn("ann", 100, "ride-1").status_code == 201
    assert town.hold("r-1").status_code == 201
    town.plant()
    assert town.donate("d-1").status_code == 201
    Drives(town).allow(ripens_after_h=1).drive("pending")
    assert Drives(town).drive("odd", flags=["jump"]).status_code == 201
    assert town.post("operator", "/policies", version=1, year_credits=1_000).status_code == 201
    assert town.post("operator", "/organisations", id="acme", name_zh="公司", name_en="A").status_code == 201
    cafe = Cafe(town.ledger, town.programme_id, beside=town).furnish()
    assert cafe.take("v-1").status_code == 201
    town.follow()
    webhook = {"id": "shop", "url": "https://shop.example/hook"}
    assert town.send_json("/webhooks", webhook).status_code == 201
    there_too = a_statement(town) if "/statements" in label or "/payouts" in label else {}
    operation = _operations(town.app)[label]
    role = operation.definition.raw.get("x-roles", [None])[0]

    @settings(
        max_examples=20,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), known=st.booleans())
    def answers(case: Case[Any], known: bool) -> None:  # noqa: FBT001 - drawn
        # Made-up ids alone would never find anything.
        there = {"programme_id": town.programme_id, **(THERE | there_too if known else {})}
        if known and "/vouchers/" in label:
            there["redemption_id"] = "v-1"
        case.path_parameters.update((name, there[name]) for name in case.path_parameters.keys() & there)
        if isinstance(case.body, dict) and isinstance(case.body.get("occurred_at"), str):
            # Most made-up instants lie outside what is accepted, and would hide what comes after.
            case.body["occurred_at"] = OCCURRED
        if known and "id" in (case.query or {}):
            case.query["id"] = "ride-1"
        if "wait_s" in (case.query or {}):
            # Waiting for what never comes would take the time of the whole suite.
            case.query["wait_s"] = 0
        case.call_and_validate(checks=CHECKS, headers=town.headers(role))

    answers()
