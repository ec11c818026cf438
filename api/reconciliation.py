"""Files of merchants and banks over HTTP, and how merchants' own files are read.

Rule of the room: a file is the body as it is; everything about it stands in the query.
"""

from http import HTTPStatus
from typing import Any, Final, get_args

import msgspec
from flask import Response

from api import strict_json
from api.access import Access, the_key
from api.answers import found
from api.bodies import JSON, read_body
from api.key_cursors import CURSOR, cursor_of, key_after
from api.periods import text_of
from api.queries import invalid, query_parameter, whole_number
from api.reconciliation_bodies import (
    HERE,
    LIMIT,
    READERS,
    WORKERS,
    file_of,
    limit_asked,
    merchant_asked,
    merchant_of,
    papers,
    works,
)
from api.reconciliation_documents import file_document, mapping_document
from api.reconciliation_schemas import (
    FilesAnswer,
    MappingAnswer,
    OneFileAnswer,
)
from api.routes import ALWAYS, WITH_COMMAND, Routes
from api.uploads import FILE, uploaded
from ledger.bills import BillKind
from ledger.domain.identifiers import Name, Text
from ledger.domain.limits import (
    BILL_MAPPING_BYTES_MAX,
    NAME_CHARS_MAX,
    RECONCILIATION_FILE_BYTES_MAX,
    VERSION_MAX,
)

routes = Routes("reconciliation", description="Files of merchants and banks held against the ledger.")

KINDS: Final[tuple[BillKind, ...]] = get_args(BillKind)

_VERSION: Final = query_parameter("version", "The latest when absent.", least=1, most=VERSION_MAX)


def _text_parameter(name: str, description: str, chars_max: int, **schema: Any) -> dict[str, Any]:
    return {
        "in": "query",
        "name": name,
        "description": description,
        "schema": {"type": "string", "maxLength": chars_max, **schema},
    }


_MERCHANT: Final = _text_parameter("merchant", "Whose.", 48)


class WithdrawFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Let a file count no longer."""

    reason: Text


# --- mappings -----------------------------------------------------------------------------------------


@routes.post(f"{HERE}/mappings/<merchant_id>")
@routes.describes(
    Access(WORKERS),
    {HTTPStatus.CREATED: {"description": "The version it is.", "content": {JSON: {"schema": MappingAnswer}}}},
    problems=(*ALWAYS, *WITH_COMMAND),
    requestBody={"required": True, "content": {JSON: {"schema": {"type": "object"}}}},
)
def save_mapping(programme_id: str, merchant_id: str) -> Response:
    """Say how a merchant's own files are read; the latest said again stays the version that it is."""
    mapping = strict_json.loads(read_body(content_type=JSON, bytes_max=BILL_MAPPING_BYTES_MAX))
    here = papers(programme_id).mappings
    saved = here.save(programme_id, merchant_of(merchant_id), mapping, by=the_key().key_id)
    response = found(mapping_document(saved))
    response.status_code = HTTPStatus.CREATED
    return response


@routes.get(f"{HERE}/mappings/<merchant_id>")
@routes.gives(MappingAnswer, Access(READERS, query=frozenset({"version"})), parameters=(_VERSION,))
def read_mapping(programme_id: str, merchant_id: str) -> Response:
    """Read how a merchant's own files are read."""
    version = whole_number("version", least=1, most=VERSION_MAX, default=0) or None
    here = papers(programme_id).mappings
    return found(mapping_document(here.read(programme_id, merchant_of(merchant_id), version)))


# --- files --------------------------------------------------------------------------------------------

_UPLOADED: Final = {"content": {JSON: {"schema": OneFileAnswer}}}


@routes.post(f"{HERE}/files")
@routes.describes(
    Access(WORKERS, query=frozenset({"kind", "merchant", "mapping", "name"})),
    {
        HTTPStatus.CREATED: {"description": "Imported.", **_UPLOADED},
        HTTPStatus.OK: {"description": "The very file counted before: nothing was added.", **_UPLOADED},
    },
    problems=(*ALWAYS, *WITH_COMMAND),
    parameters=[
        {
            **_text_parameter("kind", "What it is.", 16, enum=list(KINDS)),
            "required": True,
        },
        _text_parameter(
            "merchant", "Whose; a merchant's own file has one, a trade bill may, others have none.", 48
        ),
        query_parameter("mapping", "Version to read by; the latest when absent.", least=1, most=VERSION_MAX),
        _text_parameter("name", "As people know it.", NAME_CHARS_MAX),
    ],
    requestBody={
        "required": True,
        "content": {FILE: {"schema": {"type": "string", "format": "binary"}}},
    },
)
def import_file(programme_id: str) -> Response:
    """Import a file as it is; the same content again adds nothing."""
    kind = text_of("kind")
    if kind not in KINDS:
        raise invalid("kind", f"must be one of {', '.join(KINDS)}")
    merchant_id, name = merchant_asked(), text_of("name")
    version = whole_number("mapping", least=1, most=VERSION_MAX, default=0) or None
    if name is not None and not _is_name(name):
        raise invalid("name", f"must be 1 to {NAME_CHARS_MAX} characters on one line")
    here = papers(programme_id).files
    with uploaded(bytes_max=RECONCILIATION_FILE_BYTES_MAX) as path:
        imported = here.add(
            programme_id,
            path,
            kind=kind,
            name=name or kind,
            by=the_key().key_id,
            merchant_id=merchant_id,
            mapping_version=version,
        )
    response = _one_file(programme_id, imported.file.file_id)
    response.status_code = HTTPStatus.CREATED if imported.is_new else HTTPStatus.OK
    return response


@routes.get(f"{HERE}/files")
@routes.gives(
    FilesAnswer,
    Access(READERS, query=frozenset({"merchant", "limit", "cursor"})),
    parameters=(_MERCHANT, LIMIT, CURSOR),
)
def list_files(programme_id: str) -> Response:
    """List files by id, those of a merchant where one is named, withdrawn ones too."""
    merchant_id, limit, after = merchant_asked(), limit_asked(), key_after(parts=1)
    files = papers(programme_id).files.page(
        programme_id, after=after, limit=limit + 1, merchant_id=merchant_id
    )
    shown = files[:limit]
    cursor = cursor_of(shown[-1].file_id) if len(files) > limit else None
    return found({"files": [file_document(file) for file in shown], "next_cursor": cursor})


@routes.get(f"{HERE}/files/<file_id>")
@routes.gives(OneFileAnswer, Access(READERS))
def read_file(programme_id: str, file_id: str) -> Response:
    """Read what a file came to, and what was done with it."""
    return _one_file(programme_id, file_id)


@routes.post(f"{HERE}/files/<file_id>/withdraw")
@works(routes, WithdrawFile, OneFileAnswer, "As it stands now.")
def withdraw_file(body: WithdrawFile, programme_id: str, file_id: str) -> Response:
    """Let a file count no longer; runs that stood on it stay as they are."""
    here = papers(programme_id).files
    here.withdraw(programme_id, file_of(file_id), by=the_key().key_id, reason=body.reason)
    return _one_file(programme_id, file_id)


def _one_file(programme_id: str, file_id: str) -> Response:
    here = papers(programme_id).files
    file = here.read(programme_id, file_of(file_id))
    history = [one._asdict() for one in here.history(programme_id, file_id)]
    return found({**file_document(file), "history": history})


def _is_name(text: str) -> bool:
    try:
        msgspec.convert(text, Name)
    except msgspec.ValidationError:
        return False
    return True
