"""What the routes of reconciliation have in common: who may call them, pages, ids that could be one."""

import re
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Final

import msgspec
from flask import Response
from marshmallow import Schema

from api import strict_json
from api.access import Access
from api.bodies import JSON, read_body
from api.command_schemas import load, schema_of
from api.periods import text_of
from api.queries import invalid, query_parameter, whole_number
from api.routes import ALWAYS, IN_PROGRAMME, WITH_COMMAND, Routes, View
from api.serving import the_ledger
from ledger.domain.errors import (
    AccountNotFound,
    BreakNotFound,
    ProgrammeNotFound,
    ReconciliationFileNotFound,
    ReconciliationRunNotFound,
)
from ledger.domain.identifiers import ENTITY_ID
from ledger.domain.limits import BODY_BYTES_MAX, ECHO_CHARS_MAX, RECONCILIATION_PAGE_MAX
from ledger.keys import Role
from ledger.reconciling import Reconciliation

HERE: Final = f"{IN_PROGRAMME}/reconciliation"

READERS: Final[tuple[Role, ...]] = ("finance", "auditor")
WORKERS: Final[tuple[Role, ...]] = ("finance",)

_ENTITY_ID: Final = re.compile(ENTITY_ID)
_FILE_ID: Final = re.compile(r"[0-9a-f]{24}")
_RUN_ID: Final = re.compile(r"r-[0-9a-f]{24}")
_BREAK_ID: Final = re.compile(r"b-[0-9a-f]{24}")


LIMIT_DEFAULT: Final = 100
LIMIT: Final = query_parameter(
    "limit", "On one page, at most.", least=1, most=RECONCILIATION_PAGE_MAX, default=LIMIT_DEFAULT
)


def works(
    routes: Routes,
    body_type: type[msgspec.Struct],
    schema: type[Schema],
    description: str,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    roles: tuple[Role, ...] = WORKERS,
) -> Callable[[View], View]:
    """Declare a step of somebody's work: what its body is, and what it gives."""
    answers = {HTTPStatus.OK: {"description": description, "content": {JSON: {"schema": schema}}}}
    answers[status] = answers[HTTPStatus.OK]

    def decorate(view: View) -> View:
        @wraps(view)
        def reading(**path: str) -> Response:
            value = strict_json.loads(read_body(content_type=JSON, bytes_max=BODY_BYTES_MAX))
            return view(body=load(body_type, value), **path)

        return routes.describes(
            Access(roles),
            answers,
            problems=(*ALWAYS, *WITH_COMMAND),
            requestBody={"required": True, "content": {JSON: {"schema": schema_of(body_type)}}},
        )(reading)

    return decorate


def papers(programme_id: str) -> Reconciliation:
    """Give the papers of a programme that there is.

    Raises:
        ProgrammeNotFound
    """
    ledger = the_ledger()
    if ledger.log.head(programme_id) is None:
        raise ProgrammeNotFound(programme_id=programme_id)
    return ledger.reconciliation


def merchant_asked(name: str = "merchant") -> str | None:
    """Give the merchant named in the query.

    Raises:
        FieldsInvalid: it is no id, or there twice.
    """
    text = text_of(name)
    if text is not None and _ENTITY_ID.fullmatch(text) is None:
        raise invalid(name, "must be a merchant's id")
    return text


def merchant_of(text: str) -> str:
    """Give a merchant's id of the path.

    Raises:
        AccountNotFound: it cannot be one.
    """
    if _ENTITY_ID.fullmatch(text) is None:
        raise AccountNotFound(account=f"merchant:{text[:ECHO_CHARS_MAX]}")
    return text


def file_of(text: str) -> str:
    """Give a file's id of the path.

    Raises:
        ReconciliationFileNotFound: it cannot be one.
    """
    if _FILE_ID.fullmatch(text) is None:
        raise ReconciliationFileNotFound(file_id=text[:ECHO_CHARS_MAX])
    return text


def run_of(text: str) -> str:
    """Give a run's id of the path.

    Raises:
        ReconciliationRunNotFound: it cannot be one.
    """
    if _RUN_ID.fullmatch(text) is None:
        raise ReconciliationRunNotFound(run_id=text[:ECHO_CHARS_MAX])
    return text


def break_of(text: str) -> str:
    """Give a break's id of the path.

    Raises:
        BreakNotFound: it cannot be one.
    """
    if _BREAK_ID.fullmatch(text) is None:
        raise BreakNotFound(break_id=text[:ECHO_CHARS_MAX])
    return text


def limit_asked() -> int:
    """Give how many are wanted on one page.

    Raises:
        FieldsInvalid
    """
    return whole_number("limit", least=1, most=RECONCILIATION_PAGE_MAX, default=LIMIT_DEFAULT)
