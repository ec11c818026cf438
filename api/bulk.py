"""Many commands in one request: one JSON object a line, one answer a line.

Rule of the room: a line is never refused for what another line says, unless the caller asked for
all or none. A good line costs one strict parse and one conversion; only a refused one is explained.
"""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any, Final

from flask import Response

from api import strict_json
from api.access import ROLES_OF_COMMAND, Access, require_role, signed, the_key
from api.bodies import NDJSON, read_body
from api.command_schemas import KIND, load
from api.derived import derived
from api.problems import problem_bytes, status_of
from api.queries import truth
from api.routes import ALWAYS, IN_PROGRAMME, WITH_BODY, Routes
from api.serving import the_ledger
from api.typed_fields import MESSAGES
from ledger.domain.errors import (
    BulkNotApplied,
    FieldsInvalid,
    LedgerError,
    LineTooLarge,
    TooManyLines,
    Unavailable,
)
from ledger.domain.expiry import RunExpiry
from ledger.domain.lapse import RunLapse
from ledger.domain.limits import BULK_BODY_BYTES_MAX, BULK_LINE_BYTES_MAX
from ledger.domain.messages import Command
from ledger.domain.programme import OpenProgramme
from ledger.keys import Key, Role
from ledger.writer import Outcome, Recorded

routes = Routes("bulk", description="Many commands in one request.")

COMMAND_OF_KIND: Final[dict[str, type[Command]]] = {
    # A programme is opened once, and a run over a whole programme is no line among others.
    str(command.__struct_config__.tag): command
    for command in ROLES_OF_COMMAND
    if command not in (OpenProgramme, RunExpiry, RunLapse)
}
_BULK_ROLES: Final[tuple[Role, ...]] = ("poster", "finance", "operator")

_PARAMETER: Final = {
    "in": "query",
    "name": "atomic",
    "description": "Whether all lines are written or none; by default each line stands for itself.",
    "schema": {"type": "boolean", "default": False},
}
_ANSWER: Final = {"content": {NDJSON: {"schema": {"type": "string"}}}}


@routes.post(f"{IN_PROGRAMME}/bulk")
@routes.describes(
    Access(_BULK_ROLES, query=frozenset({"atomic"})),
    {
        HTTPStatus.OK: {"description": "Every line was answered: one line each, in order.", **_ANSWER},
        HTTPStatus.UNPROCESSABLE_ENTITY: {
            "description": "With atomic=true: a line was refused and nothing was written.",
            **_ANSWER,
        },
    },
    problems=(*ALWAYS, *WITH_BODY),
    parameters=[_PARAMETER],
    requestBody={"required": True, "content": {NDJSON: {"schema": {"type": "string"}}}},
)
def record_many(programme_id: str) -> Response:
    """Record many commands of mixed kinds, each line with its `kind`; docs/http.md has the format."""
    atomic = truth("atomic", default=False)
    lines = split(read_body(content_type=NDJSON, bytes_max=BULK_BODY_BYTES_MAX), _lines_max(atomic=atomic))
    decoded = [decode_line(line, the_key(), programme_id) for line in lines]
    commands = [one for one in decoded if isinstance(one, Command)]
    if atomic and len(commands) < len(decoded):
        return _answer(_none_applied(decoded), atomic=atomic)
    outcomes = iter(_record(programme_id, commands, atomic=atomic))
    answered = [one if isinstance(one, LedgerError) else next(outcomes) for one in decoded]
    return _answer(answered, atomic=atomic)


def _lines_max(*, atomic: bool) -> int:
    """How many lines a request may have; what is written whole must fit into one commit."""
    ledger = the_ledger()
    lines_max = ledger.settings.bulk_lines_max
    return min(lines_max, ledger.writer.group_commands_max) if atomic else lines_max


def _record(programme_id: str, commands: Sequence[Command], *, atomic: bool) -> list[Outcome]:
    """Give the outcome of each command, commit by commit.

    Raises:
        Unavailable: nothing of the request has an outcome yet; later, only the lines concerned say so.
    """
    writer = the_ledger().writer
    outcomes: list[Outcome] = []
    for start in range(0, len(commands), writer.group_commands_max):
        part = commands[start : start + writer.group_commands_max]
        try:
            outcomes += writer.submit_many(programme_id, part, atomic=atomic)
        except Unavailable as refused:
            if not outcomes:
                raise
            outcomes += [refused] * len(part)
    return outcomes


def split(body: bytes, lines_max: int) -> list[bytes]:
    """Give the lines; a line feed after the last one is no line.

    Raises:
        MalformedJson: there is no line.
        TooManyLines
    """
    if not body.strip():
        strict_json.refuse("empty")
    lines = body.removesuffix(b"\n").split(b"\n", lines_max)
    if len(lines) > lines_max:
        raise TooManyLines(lines_max=lines_max)
    return lines


def decode_line(line: bytes, key: Key, programme_id: str) -> Command | LedgerError:
    """Give the command of a line, or why there is none, in this order.

    LineTooLarge, MalformedJson, VoucherKeyMissing, FieldsInvalid, RoleNotPermitted.
    """
    try:
        if len(line) > BULK_LINE_BYTES_MAX:
            raise LineTooLarge(bytes_max=BULK_LINE_BYTES_MAX)
        value = strict_json.loads(line)
        kind = value.get(KIND)
        if isinstance(kind, str) and kind in COMMAND_OF_KIND:
            value = derived(COMMAND_OF_KIND[kind], value, programme_id)
        command = command_of(value, key)
        require_role(key, ROLES_OF_COMMAND[type(command)])
    except LedgerError as refused:
        return refused
    return command


def command_of(value: dict[str, Any], key: Key) -> Command:
    """Make a command of a line's plain values.

    Raises:
        FieldsInvalid: naming the fields that are wrong.
    """
    is_there = KIND in value
    kind = value.pop(KIND, None)
    if not isinstance(kind, str) or kind not in COMMAND_OF_KIND:
        message = f"must be one of {', '.join(COMMAND_OF_KIND)}" if is_there else MESSAGES["required"]
        raise FieldsInvalid(errors=[{"field": KIND, "message": message}])
    command_type = COMMAND_OF_KIND[kind]
    return load(command_type, signed(command_type, value, key))


def _none_applied(decoded: Sequence[Command | LedgerError]) -> list[LedgerError]:
    """What each line is answered when one of an atomic request could not be read."""
    refused_index = next(index for index, one in enumerate(decoded) if isinstance(one, LedgerError))
    return [
        one if isinstance(one, LedgerError) else BulkNotApplied(refused_index=refused_index)
        for one in decoded
    ]


def _answer(outcomes: Iterable[Outcome], *, atomic: bool) -> Response:
    answered = list(outcomes)
    refused = atomic and any(isinstance(outcome, LedgerError) for outcome in answered)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK
    body = b"".join(result_line(number, outcome) for number, outcome in enumerate(answered, start=1))
    return Response(body, status, content_type=NDJSON)


def result_line(number: int, outcome: Outcome) -> bytes:
    """Give the answer to the line of a number, counted from 1."""
    if isinstance(outcome, Recorded):
        replayed = b"true" if outcome.replayed else b"false"
        return b'{"line":%d,"status":201,"replayed":%b,"outcome":%b}\n' % (number, replayed, outcome.body)
    return b'{"line":%d,"status":%d,"problem":%b}\n' % (number, status_of(outcome), problem_bytes(outcome))
