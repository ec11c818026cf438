"""Explanations of accounts over HTTP: why a balance is what it is, number by number."""

import re
from typing import Any, Final, NamedTuple

from flask import Response, request

from api.access import EVERY_ROLE, Access
from api.answers import found
from api.explanations_schemas import ExplanationAnswer
from api.queries import invalid, query_parameter, whole_number
from api.routes import IN_PROGRAMME, Routes
from api.serving import the_ledger
from api.statement_cursors import CURSOR_CHARS_MAX, cursor_of, digest_of, place_of
from api.statement_parameters import names_of
from api.views import MIN_POSITION, MIN_POSITION_PARAMETER, view_reading
from ledger.domain.errors import AccountNotFound
from ledger.domain.limits import ACCOUNT_CHARS_MAX, EXPLAINED_ENTRIES_MAX, POSITION_MAX
from ledger.explained.account import Asked, Explanation, explain_account
from ledger.explained.document import shown
from ledger.explaining.language import TONGUES, Tongue
from ledger.projections.statement_balances import ASSETS
from ledger.projections.statement_pages import Place
from ledger.projections.statements import Statements

routes = Routes("explanations", description="Why an account holds what it holds, number by number.")

LIMIT_DEFAULT: Final = 20

_ACCOUNT: Final = re.compile(rf"[A-Za-z0-9._:-]{{1,{ACCOUNT_CHARS_MAX}}}")

PARAMETERS: Final = (
    {
        "in": "query",
        "name": "lang",
        "description": "The language of the sentences; else what `Accept-Language` prefers, else English.",
        "schema": {"type": "string", "enum": list(TONGUES)},
    },
    {
        "in": "query",
        "name": "asset",
        "description": "Only entries and the balance of this asset.",
        "schema": {"type": "string", "enum": list(ASSETS)},
    },
    query_parameter(
        "position",
        "One event that concerns the account, with all that led to it and all that came of it.",
        least=1,
        most=POSITION_MAX,
    ),
    query_parameter(
        "limit", "Entries explained, at most.", least=1, most=EXPLAINED_ENTRIES_MAX, default=LIMIT_DEFAULT
    ),
    {
        "in": "query",
        "name": "cursor",
        "description": "`next_cursor` of the page before; `asset` as for that page.",
        "schema": {"type": "string", "maxLength": CURSOR_CHARS_MAX},
    },
)


class Question(NamedTuple):
    """What all pages of a chain have in common."""

    programme_id: str
    account: str
    asset: str | None
    explained: bool = True
    """So that a cursor of a statement is none of an explanation."""


@routes.get(f"{IN_PROGRAMME}/accounts/<account>/explain")
@routes.gives(
    ExplanationAnswer,
    Access(EVERY_ROLE, query=names_of(PARAMETERS) | {MIN_POSITION}),
    parameters=(*PARAMETERS, MIN_POSITION_PARAMETER),
)
def explain(programme_id: str, account: str) -> Response:
    """Explain a balance, its lots and its newest entries, or one event; every number computed again."""
    if _ACCOUNT.fullmatch(account) is None:
        raise AccountNotFound(account=account[:ACCOUNT_CHARS_MAX])
    tongue, question = _tongue(), Question(programme_id, account, _one_of("asset", ASSETS))
    asked = Asked(
        account=account,
        assets=ASSETS if question.asset is None else (question.asset,),
        limit=whole_number("limit", least=1, most=EXPLAINED_ENTRIES_MAX, default=LIMIT_DEFAULT),
        after=_place(question),
        at_position=whole_number("position", least=1, most=POSITION_MAX, default=0) or None,
    )
    if asked.after is not None and asked.at_position is not None:
        raise invalid("cursor", "may not be given with position")
    at_least = max(asked.after.position if asked.after else 0, _waited_for(programme_id, asked))
    with view_reading(programme_id, Statements.name, at_least=at_least) as reading:
        explanation = explain_account(the_ledger().log, reading, programme_id, asked)
    response = found(_document(explanation, tongue, question))
    response.headers["Content-Language"] = tongue
    response.headers["Vary"] = "Accept-Language"
    return response


def _waited_for(programme_id: str, asked: Asked) -> int:
    """The position that the view must have reached, where the log has an event there."""
    if asked.at_position is None:
        return 0
    head = the_ledger().log.head(programme_id) or 0
    return asked.at_position if asked.at_position <= head else 0


def _document(explanation: Explanation, tongue: Tongue, question: Question) -> dict[str, Any]:
    place = explanation.next_place
    return {
        **shown(explanation, tongue),
        "next_cursor": place and cursor_of(place, digest_of(question)),
    }


def _tongue() -> Tongue:
    """The language asked for, or else the one that the caller likes best of those there are."""
    liked = [text.partition("-")[0].lower() for text, quality in request.accept_languages if quality]
    for text in (_one_of("lang", TONGUES), *liked):
        for tongue in TONGUES:
            if text == tongue:
                return tongue
    return TONGUES[0]


def _place(question: Question) -> Place | None:
    text = _only("cursor")
    if text is None:
        return None
    if (place := place_of(text, digest_of(question))) is None:
        raise invalid("cursor", "must be next_cursor of an answer, with the same account and asset")
    return place


def _only(name: str) -> str | None:
    texts = request.args.getlist(name)
    if len(texts) > 1:
        raise invalid(name, "may be given once")
    return texts[0] if texts else None


def _one_of(name: str, choices: tuple[str, ...]) -> str | None:
    text = _only(name)
    if text is None or text in choices:
        return text
    raise invalid(name, f"must be one of {', '.join(choices)}")
