"""Breaks over HTTP: the list that finance works off, and the steps of that work.

Rule of the room: whoever proposes to resolve a break does not confirm it; keys tell people apart.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec
import structlog
from flask import Response

from api.access import Access, the_key
from api.answers import found
from api.bodies import JSON
from api.key_cursors import CURSOR, cursor_of, key_after
from api.periods import text_of
from api.queries import invalid, some_of
from api.reconciliation_bodies import (
    HERE,
    LIMIT,
    READERS,
    break_of,
    limit_asked,
    merchant_asked,
    papers,
    works,
)
from api.reconciliation_documents import break_document, history_document
from api.reconciliation_schemas import BreaksAnswer, OneBreakAnswer
from api.routes import ALWAYS, Routes
from api.serving import the_ledger
from ledger.domain.identifiers import Name, Text
from ledger.domain.limits import NAME_CHARS_MAX, POSITION_MAX
from ledger.reconciling import Filter
from ledger.reconciling.listing import csv_of
from ledger.reconciling.shapes import BREAK_CODES, BREAK_STATUSES, Break, Resolution

routes = Routes("breaks", description="What does not agree, and what became of it.")

_log = structlog.get_logger(__name__)

ONE: Final = f"{HERE}/breaks/<break_id>"
_CSV: Final = "text/csv"
_NOW: Final = "As it stands now."


class AssignBreak(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Say who has it."""

    owner: Name
    note: Text | None = None


class NoteBreak(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Say something about it."""

    note: Text


class ResolveBreak(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settle it, or propose to."""

    resolution: Resolution
    note: Text
    position: Annotated[int, msgspec.Meta(ge=1, le=POSITION_MAX)] | None = None
    """Of the correcting event; with `corrected` alone."""


class ConfirmBreak(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Confirm what another key proposed."""

    note: Text | None = None


def _words(name: str, description: str, words: tuple[str, ...]) -> dict[str, Any]:
    about = f"{description}, with commas between: {', '.join(words)}."
    return {"in": "query", "name": name, "description": about, "schema": {"type": "string"}}


def _text(name: str, description: str, chars_max: int) -> dict[str, Any]:
    schema = {"type": "string", "maxLength": chars_max}
    return {"in": "query", "name": name, "description": description, "schema": schema}


@routes.get(f"{HERE}/breaks")
@routes.describes(
    Access(READERS, query=frozenset({"status", "code", "merchant", "owner", "limit", "cursor", "format"})),
    {
        HTTPStatus.OK: {
            "description": "JSON by pages, or all of them as CSV, whose last line is the total.",
            "content": {JSON: {"schema": BreaksAnswer}, _CSV: {"schema": {"type": "string"}}},
        }
    },
    problems=ALWAYS,
    parameters=[
        _words("status", "Only those", BREAK_STATUSES),
        _words("code", "Only those", BREAK_CODES),
        _text("merchant", "Only this merchant's.", 48),
        _text("owner", "Only whose they are.", NAME_CHARS_MAX),
        LIMIT,
        CURSOR,
        {
            "in": "query",
            "name": "format",
            "description": "What is given; json when absent.",
            "schema": {"type": "string", "enum": ["json", "csv"]},
        },
    ],
)
def list_breaks(programme_id: str) -> Response:
    """List breaks by id, with their age."""
    wanted = _wanted()
    here = papers(programme_id).breaks
    if _is_csv():
        lines = _logged(csv_of(here, programme_id, wanted), programme_id)
        response = Response(lines, content_type=f"{_CSV}; charset=utf-8; header=present")
        response.headers["Content-Disposition"] = f'attachment; filename="breaks-{programme_id}.csv"'
        return response
    limit = limit_asked()
    breaks = here.page(programme_id, wanted, after=key_after(parts=1), limit=limit + 1)
    shown, now = breaks[:limit], the_ledger().clock()
    cursor = cursor_of(shown[-1].break_id) if len(breaks) > limit else None
    return found({"breaks": [break_document(one, now) for one in shown], "next_cursor": cursor})


@routes.get(ONE)
@routes.gives(OneBreakAnswer, Access(READERS))
def read_break(programme_id: str, break_id: str) -> Response:
    """Read a break and everything that happened to it."""
    return _one(programme_id, papers(programme_id).breaks.read(programme_id, break_of(break_id)))


@routes.post(f"{ONE}/assign")
@works(routes, AssignBreak, OneBreakAnswer, _NOW)
def assign_break(body: AssignBreak, programme_id: str, break_id: str) -> Response:
    """Say who has a break."""
    here = papers(programme_id).breaks
    one = here.assign(
        programme_id, break_of(break_id), owner=body.owner, by=the_key().key_id, note=body.note or ""
    )
    return _one(programme_id, one)


@routes.post(f"{ONE}/note")
@works(routes, NoteBreak, OneBreakAnswer, _NOW)
def note_break(body: NoteBreak, programme_id: str, break_id: str) -> Response:
    """Say something about a break."""
    here = papers(programme_id).breaks
    return _one(
        programme_id, here.note(programme_id, break_of(break_id), note=body.note, by=the_key().key_id)
    )


@routes.post(f"{ONE}/resolve")
@works(routes, ResolveBreak, OneBreakAnswer, _NOW)
def resolve_break(body: ResolveBreak, programme_id: str, break_id: str) -> Response:
    """Settle an open break; where money stands between the two sides, another key has to confirm it."""
    one = papers(programme_id).breaks.resolve(
        programme_id,
        break_of(break_id),
        resolution=body.resolution,
        note=body.note,
        by=the_key().key_id,
        position=body.position,
    )
    return _one(programme_id, one)


@routes.post(f"{ONE}/confirm")
@works(routes, ConfirmBreak, OneBreakAnswer, _NOW)
def confirm_break(body: ConfirmBreak, programme_id: str, break_id: str) -> Response:
    """Confirm what another key proposed."""
    here = papers(programme_id).breaks
    one = here.confirm(programme_id, break_of(break_id), by=the_key().key_id, note=body.note or "")
    return _one(programme_id, one)


@routes.post(f"{ONE}/refuse")
@works(routes, NoteBreak, OneBreakAnswer, _NOW)
def refuse_break(body: NoteBreak, programme_id: str, break_id: str) -> Response:
    """Refuse what was proposed: the break is open again."""
    here = papers(programme_id).breaks
    return _one(
        programme_id, here.refuse(programme_id, break_of(break_id), by=the_key().key_id, note=body.note)
    )


def _one(programme_id: str, one: Break) -> Response:
    ledger = the_ledger()
    history = ledger.reconciliation.breaks.history(programme_id, one.break_id)
    return found({**break_document(one, ledger.clock()), "history": history_document(history)})


def _wanted() -> Filter:
    owner = text_of("owner")
    if owner is not None and not _is_name(owner):
        raise invalid("owner", f"must be 1 to {NAME_CHARS_MAX} characters on one line")
    return Filter(
        statuses=some_of("status", BREAK_STATUSES),  # type: ignore[arg-type]  # just looked up
        codes=some_of("code", BREAK_CODES),  # type: ignore[arg-type]  # just looked up
        merchant_id=merchant_asked(),
        owner=owner,
    )


def _is_name(text: str) -> bool:
    try:
        msgspec.convert(text, Name)
    except msgspec.ValidationError:
        return False
    return True


def _is_csv() -> bool:
    match text_of("format"):
        case None | "json":
            return False
        case "csv":
            for name in ("cursor", "limit"):
                if text_of(name) is not None:
                    raise invalid(name, "means nothing with CSV, which is never cut into pages")
            return True
        case _:
            raise invalid("format", "must be json or csv")


def _logged(lines: Iterator[bytes], programme_id: str) -> Iterator[bytes]:
    """Give the lines; the status has been sent, so what fails is told by the missing total alone."""
    try:
        yield from lines
    except Exception:
        _log.exception("breaks failed", programme_id=programme_id)
        raise
