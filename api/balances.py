"""Balances over HTTP."""

import re
from typing import Final

from flask import Response

from api.access import EVERY_ROLE, Access
from api.answer_schemas import AccountAnswer
from api.answers import found
from api.routes import IN_PROGRAMME, Routes
from api.serving import the_ledger
from ledger.domain.errors import AccountNotFound
from ledger.domain.limits import ACCOUNT_CHARS_MAX
from ledger.projections.balances import read_account

routes = Routes("balances", description="What every account holds, written with the events.")

_ACCOUNT: Final = re.compile(rf"[A-Za-z0-9._:-]{{1,{ACCOUNT_CHARS_MAX}}}")


@routes.get(f"{IN_PROGRAMME}/balances/<account>")
@routes.gives(AccountAnswer, Access(EVERY_ROLE))
def read_balances(programme_id: str, account: str) -> Response:
    """Read an account: its owner's status, and every asset and lot it holds."""
    if _ACCOUNT.fullmatch(account) is None:
        raise AccountNotFound(account=account[:ACCOUNT_CHARS_MAX])
    view = read_account(the_ledger().database, programme_id, account)
    balances = [balance._asdict() for balance in view.balances]
    return found({**view._asdict(), "balances": balances})
