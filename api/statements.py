"""Statements of accounts, and their balances at any moment, over HTTP."""

import re
from datetime import datetime
from typing import Any, Final

from flask import Response

from api.access import EVERY_ROLE, Access
from api.answers import found
from api.queries import truth
from api.routes import IN_PROGRAMME, Routes
from api.serving import the_ledger
from api.statement_cursors import cursor_of, digest_of
from api.statement_parameters import (
    MOMENT_PARAMETERS,
    STATEMENT_PARAMETERS,
    Question,
    limit,
    moment,
    names_of,
    place,
    question,
)
from api.statement_schemas import BalancesAtAnswer, StatementAnswer
from api.views import MIN_POSITION, MIN_POSITION_PARAMETER, view_reading
from ledger.domain.errors import AccountNotFound
from ledger.domain.limits import ACCOUNT_CHARS_MAX, POSITION_MAX
from ledger.projections.statement_balances import (
    ASSETS,
    MICROSECOND,
    LotAmount,
    held_at,
    lots_at,
    occurred_by,
    position_at,
    require_shown,
)
from ledger.projections.statement_pages import StatementEntry, Wanted, read_statement
from ledger.projections.statements import Statements

routes = Routes("accounts", description="What went in and out of every account, and what it held when.")

_ACCOUNT: Final = re.compile(rf"[A-Za-z0-9._:-]{{1,{ACCOUNT_CHARS_MAX}}}")
_MAY_ASK: Final = {MIN_POSITION}


@routes.get(f"{IN_PROGRAMME}/accounts/<account>/statement")
@routes.gives(
    StatementAnswer,
    Access(EVERY_ROLE, query=names_of(STATEMENT_PARAMETERS) | _MAY_ASK),
    parameters=(*STATEMENT_PARAMETERS, MIN_POSITION_PARAMETER),
)
def read_account_statement(programme_id: str, account: str) -> Response:
    """Read an account's entries, page by page, with the balance after each."""
    asked = question(programme_id, _address(account))
    after, entries_max = place(asked), limit()
    wanted = _wanted(asked)
    # A period that is over in the log must be whole in the view too.
    over = 0 if asked.recorded_to is None else wanted.last_position
    at_least = max(over, after.position if after else 0)
    with view_reading(programme_id, Statements.name, at_least=at_least) as reading:
        require_shown(reading, account)
        page = read_statement(reading, wanted, limit=entries_max, after=after)
    return found(
        {
            "account": account,
            "position": page.position,
            "totals": page.totals and [total._asdict() for total in page.totals],
            "entries": [_plain(entry) for entry in page.entries],
            "next_cursor": page.next_place and cursor_of(page.next_place, digest_of(asked)),
        }
    )


@routes.get(f"{IN_PROGRAMME}/accounts/<account>/balances")
@routes.gives(
    BalancesAtAnswer,
    Access(EVERY_ROLE, query=names_of(MOMENT_PARAMETERS) | _MAY_ASK),
    parameters=(*MOMENT_PARAMETERS, MIN_POSITION_PARAMETER),
)
def read_account_balances_at(programme_id: str, account: str) -> Response:
    """Read what an account held after a position, at a time of recording, or by a time of occurrence."""
    _address(account)
    asked, with_lots = moment(), truth("lots", default=False)
    position = asked.position
    if asked.recorded_at is not None:
        position = position_at(the_ledger().database, programme_id, asked.recorded_at)
    with view_reading(programme_id, Statements.name, at_least=position or 0) as reading:
        require_shown(reading, account)
        if asked.occurred_at is not None:
            position = reading.position
            amounts = occurred_by(reading, account, asked.occurred_at)
        else:
            amounts = held_at(reading, account, position or 0)
        lots = lots_at(reading, account, position or 0, asked.occurred_at) if with_lots else None
    return found(
        {
            "account": account,
            "position": position,
            "recorded_at": asked.recorded_at,
            "occurred_at": asked.occurred_at,
            "balances": [
                {"asset": asset, "amount": amounts[asset]} for asset in ASSETS if amounts.get(asset, 0)
            ],
            "lots": _lots(lots),
        }
    )


def _address(account: str) -> str:
    """The account of the path.

    Raises:
        AccountNotFound: nothing could ever be opened at it.
    """
    if _ACCOUNT.fullmatch(account) is None:
        raise AccountNotFound(account=account[:ACCOUNT_CHARS_MAX])
    return account


def _wanted(asked: Question) -> Wanted:
    """The same question, its times of recording turned into positions."""
    return Wanted(
        account=asked.account,
        assets=ASSETS if asked.asset is None else (asked.asset,),
        topics=asked.topics,
        order=asked.order,
        occurred_from=asked.occurred_from,
        occurred_to=asked.occurred_to,
        first_position=_before(asked.programme_id, asked.recorded_from, otherwise=0) + 1,
        last_position=_before(asked.programme_id, asked.recorded_to, otherwise=POSITION_MAX),
    )


def _before(programme_id: str, instant: datetime | None, *, otherwise: int) -> int:
    """Position of the last event recorded before an instant."""
    if instant is None:
        return otherwise
    return position_at(the_ledger().database, programme_id, instant - MICROSECOND)


def _plain(entry: StatementEntry) -> dict[str, Any]:
    return {**entry._asdict(), "lots": _lots(entry.lots)}


def _lots(lots: list[LotAmount] | None) -> list[dict[str, Any]] | None:
    return None if lots is None else [lot._asdict() for lot in lots]
