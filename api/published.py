"""What methodologies and scenarios have in common when they are read."""

from typing import Any

from werkzeug.routing import BaseConverter

from api.answers import event_documents
from api.serving import the_ledger
from ledger.domain.errors import ProgrammeNotFound
from ledger.domain.limits import VERSION_MAX
from ledger.domain.messages import Event
from ledger.store.log import LoggedEvent


class VersionConverter(BaseConverter):
    """A version in a path: plain digits, and not so many that reading them costs anything."""

    regex = rf"[1-9][0-9]{{0,{len(str(VERSION_MAX)) - 1}}}"

    def to_python(self, value: str) -> int:
        """Give the number."""
        return int(value)

    @staticmethod
    def document(_converter: BaseConverter) -> dict[str, Any]:
        """Give the JSON Schema of the path's parameter."""
        return {"type": "integer", "minimum": 1, "maximum": VERSION_MAX}


def published(programme_id: str, event: type[Event]) -> dict[str, Any]:
    """Give every published version of one kind, in order.

    Raises:
        ProgrammeNotFound
    """
    configuration = the_ledger().log.configuration(programme_id)
    if not configuration:
        raise ProgrammeNotFound(programme_id=programme_id)
    return {"events": event_documents(logged for logged in configuration if logged.topic == event.topic)}


def published_version(programme_id: str, kind: str, own_id: str, version: int) -> LoggedEvent | None:
    """Give one published version; None when there is no such one."""
    versions = the_ledger().log.stream(programme_id, kind, own_id)
    return versions[version - 1] if version <= len(versions) else None
