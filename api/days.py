"""The programme's calendar over HTTP."""

from datetime import date
from typing import cast

from api.serving import the_ledger
from ledger.domain.errors import ProgrammeNotFound
from ledger.domain.programme import ProgrammeOpened


def today(programme_id: str) -> date:
    """Give the programme's local day now.

    Raises:
        ProgrammeNotFound
    """
    log = the_ledger().log
    opening = log.stream(programme_id, "programme", programme_id)
    if not opening:
        raise ProgrammeNotFound(programme_id=programme_id)
    programme = cast("ProgrammeOpened", log.decode(opening[0]))
    return programme.today(the_ledger().clock())
