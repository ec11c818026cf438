"""What all readings of views have in common over HTTP.

Rule of the room: a view answers with the position it stands at, and waits for the one a caller has
seen; how it is asked for is written here once.
"""

from contextlib import AbstractContextManager
from typing import Final

from api.queries import query_parameter, whole_number
from api.serving import the_ledger
from ledger.domain.limits import POSITION_MAX
from ledger.reading import Reading

MIN_POSITION: Final = "min_position"

MIN_POSITION_PARAMETER: Final = query_parameter(
    MIN_POSITION,
    "Answer only as of this position or a later one; the position of your own last write shows it to you.",
    least=0,
    most=POSITION_MAX,
    default=0,
)


def view_reading(programme_id: str, view_name: str, *, at_least: int = 0) -> AbstractContextManager[Reading]:
    """Read a view as this request asks for it.

    Args:
        programme_id: whose view.
        view_name: which view.
        at_least: the position that the rest of the request asks for, beside `min_position`.

    Raises:
        FieldsInvalid: `min_position` is no position.
        ProgrammeNotFound, ViewLagging
    """
    min_position = whole_number(MIN_POSITION, least=0, most=POSITION_MAX, default=0)
    return the_ledger().reading(programme_id, view_name, min_position=max(min_position, at_least))
