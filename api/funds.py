"""Funds over HTTP: opened, watched, and read: whose money is in them, where it is, how long it lasts."""

import re
from typing import Any, Final

from flask import Response

from api.access import EVERY_ROLE, Access
from api.answers import event_document, found, recorded
from api.days import today
from api.funds_schemas import AlarmsAnswer, FundAnswer, FundsAnswer, MovementsAnswer, SolvencyAnswer
from api.periods import text_of
from api.position_cursors import CURSOR, cursor_of, position_before
from api.queries import invalid, query_parameter, whole_number
from api.routes import IN_PROGRAMME, Routes
from api.serving import the_ledger
from api.views import MIN_POSITION, MIN_POSITION_PARAMETER, view_reading
from ledger.domain import addresses
from ledger.domain.errors import AccountNotFound
from ledger.domain.fund import CommitMoney
from ledger.domain.fund_alarms import SetFundAlarms
from ledger.domain.identifiers import ENTITY_ID
from ledger.domain.limits import ACCOUNT_CHARS_MAX, ENTITY_ID_CHARS_MAX, FUND_LINES_MAX, FUNDS_SHOWN_MAX
from ledger.domain.owners import OpenFund
from ledger.keys import Role
from ledger.projections.balances import read_account
from ledger.projections.fund_documents import (
    burn_document,
    fund_document,
    solvency_document,
    sponsor_document,
)
from ledger.projections.fund_reports import burns, fund_report, fund_reports, head_position, used_money
from ledger.projections.funds import Funds
from ledger.projections.funds_queries import fund_alarms, fund_movements
from ledger.projections.solvency import solvency
from ledger.projections.totals import Totals

routes = Routes("funds", description="Sponsors' money, from which merchants are paid.")

ROLES: Final[tuple[Role, ...]] = ("finance", "auditor", "operator")
PAGE: Final = frozenset({"cursor", "limit", MIN_POSITION})
PAGE_PARAMETERS: Final = (
    query_parameter("limit", "On one page, at most.", least=1, most=FUND_LINES_MAX, default=FUND_LINES_MAX),
    CURSOR,
    MIN_POSITION_PARAMETER,
)

_ENTITY_ID: Final = re.compile(ENTITY_ID)


@routes.post(f"{IN_PROGRAMME}/funds")
@routes.takes(OpenFund)
def open_fund(command: OpenFund, programme_id: str) -> Response:
    """Open a fund, from which merchants are paid."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.post(f"{IN_PROGRAMME}/funds/<fund_id>/commitments")
@routes.takes(CommitMoney, from_path=("fund_id",))
def commit_money(command: CommitMoney, programme_id: str) -> Response:
    """Commit a sponsor's money to a fund that takes it without a proposal."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.post(f"{IN_PROGRAMME}/funds/<fund_id>/alarms")
@routes.takes(SetFundAlarms, from_path=("fund_id",))
def set_fund_alarms(command: SetFundAlarms, programme_id: str) -> Response:
    """Say below which amounts of available money a fund's alarms are raised."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.get(f"{IN_PROGRAMME}/funds")
@routes.gives(
    FundsAnswer,
    Access(ROLES, query=PAGE),
    parameters=(
        query_parameter(
            "limit", "Funds on one page, at most.", least=1, most=FUNDS_SHOWN_MAX, default=FUNDS_SHOWN_MAX
        ),
        {
            "in": "query",
            "name": "cursor",
            "description": "`next_cursor` of the page before.",
            "schema": {"type": "string", "maxLength": ENTITY_ID_CHARS_MAX},
        },
        MIN_POSITION_PARAMETER,
    ),
)
def list_funds(programme_id: str) -> Response:
    """Read where the money of every fund is, in order of their ids."""
    limit = whole_number("limit", least=1, most=FUNDS_SHOWN_MAX, default=FUNDS_SHOWN_MAX)
    after = text_of("cursor") or ""
    if after and _ENTITY_ID.fullmatch(after) is None:
        raise invalid("cursor", "must be next_cursor of an answer")
    with view_reading(programme_id, Totals.name) as reading:
        reports = fund_reports(reading, after=after, limit=limit + 1)
        shown = reports[:limit]
        funds = [fund_document(report, used_money(reading, report.fund_id)) for report in shown]
        position = head_position(reading)
    next_cursor = shown[-1].fund_id if len(reports) > limit else None
    return found({"position": position, "funds": funds, "next_cursor": next_cursor})


@routes.get(f"{IN_PROGRAMME}/funds/<fund_id>")
@routes.gives(
    FundAnswer, Access(EVERY_ROLE, query=frozenset({MIN_POSITION})), parameters=(MIN_POSITION_PARAMETER,)
)
def read_fund(programme_id: str, fund_id: str) -> Response:
    """Read a fund: whose money is in it, where it is, how fast it is promised away, how long it lasts."""
    require_fund_id(fund_id)
    on = today(programme_id)
    with view_reading(programme_id, Totals.name) as reading:
        report = fund_report(reading, fund_id)
        document: dict[str, Any] = {
            **fund_document(report, used_money(reading, fund_id)),
            "position": head_position(reading),
            "opening": event_document(report.opening),
            "sponsors": [sponsor_document(part) for part in report.sponsors],
            "burn": {
                "position": reading.position,
                "rates": [burn_document(rate) for rate in burns(reading, fund_id, on)],
            },
        }
    return found(document)


@routes.get(f"{IN_PROGRAMME}/funds/<fund_id>/movements")
@routes.gives(MovementsAnswer, Access(ROLES, query=PAGE), parameters=PAGE_PARAMETERS)
def list_fund_movements(programme_id: str, fund_id: str) -> Response:
    """Read what sponsors put into a fund and took out of it, with who proposed and who approved it."""
    limit, before = lines_wanted(), position_before()
    require_fund(programme_id, fund_id)
    with view_reading(programme_id, Funds.name) as reading:
        rows = fund_movements(reading, fund_id, before=before, limit=limit + 1)
    shown = rows[:limit]
    return found(
        {
            "fund_id": fund_id,
            "position": reading.position,
            "movements": [row._asdict() for row in shown],
            "next_cursor": cursor_of(shown[-1].position if len(rows) > limit else None),
        }
    )


@routes.get(f"{IN_PROGRAMME}/funds/<fund_id>/alarms")
@routes.gives(AlarmsAnswer, Access(ROLES, query=PAGE), parameters=PAGE_PARAMETERS)
def list_fund_alarms(programme_id: str, fund_id: str) -> Response:
    """Read a fund's thresholds, and its alarms, the newest first."""
    limit, before = lines_wanted(), position_before()
    require_fund_id(fund_id)
    with view_reading(programme_id, Funds.name) as reading:
        report = fund_report(reading, fund_id)
        rows = fund_alarms(reading, fund_id, before=before, limit=limit + 1)
    shown = rows[:limit]
    return found(
        {
            "fund_id": fund_id,
            "position": reading.position,
            "available_fen": report.available_fen,
            "thresholds_fen": report.terms.thresholds_fen,
            "margin_fen": report.terms.margin_fen,
            "raised_fen": report.terms.raised_fen,
            "alarms": [row._asdict() for row in shown],
            "next_cursor": cursor_of(shown[-1].raised_position if len(rows) > limit else None),
        }
    )


@routes.get(f"{IN_PROGRAMME}/solvency")
@routes.gives(
    SolvencyAnswer, Access(ROLES, query=frozenset({MIN_POSITION})), parameters=(MIN_POSITION_PARAMETER,)
)
def read_solvency(programme_id: str) -> Response:
    """Read whether the programme can keep what it has promised, as far as its own book can say."""
    on = today(programme_id)
    with view_reading(programme_id, Totals.name) as reading:
        standing = solvency(reading, on)
    return found(solvency_document(standing))


def lines_wanted() -> int:
    """Give how many lines a page shall have.

    Raises:
        FieldsInvalid
    """
    return whole_number("limit", least=1, most=FUND_LINES_MAX, default=FUND_LINES_MAX)


def require_fund_id(fund_id: str) -> None:
    """Refuse what cannot be a fund.

    Raises:
        AccountNotFound
    """
    if _ENTITY_ID.fullmatch(fund_id) is None:
        raise AccountNotFound(account=addresses.fund(fund_id)[:ACCOUNT_CHARS_MAX])


def require_fund(programme_id: str, fund_id: str) -> None:
    """Refuse a fund that nobody opened.

    Raises:
        ProgrammeNotFound, AccountNotFound
    """
    require_fund_id(fund_id)
    read_account(the_ledger().database, programme_id, addresses.fund(fund_id))
