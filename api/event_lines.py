"""One event of the log as one line of JSON, the same in every kind of stream."""

from typing import Final

from ledger.store.log import LoggedEvent

_LINE: Final = b'{"position":%d,"originator_id":"%b","originator_version":%d,"topic":"%b","data":%b}\n'


def line(logged: LoggedEvent) -> bytes:
    """Give the line of an event, with its line feed; what was stored stands in `data` byte for byte."""
    return _LINE % (
        logged.position,
        str(logged.originator_id).encode(),
        logged.originator_version,
        logged.topic.encode(),
        logged.state,
    )
